;; Wants another interface of WASI, which is not linked.
(component
  (import "wasi:keyvalue/store@0.2.0-draft" (instance)))
