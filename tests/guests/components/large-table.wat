;; Has a table of 60,000 entries from the start.
(component
  (core module $code (table 60000 funcref))
  (core instance (instantiate $code)))
