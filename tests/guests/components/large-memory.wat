;; Has a memory of 65 MiB from the start.
(component
  (core module $code (memory 1040))
  (core instance (instantiate $code)))
