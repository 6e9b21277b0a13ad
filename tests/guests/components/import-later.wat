;; Wants a version of the contract that this host does not know.
(component
  (import "haproxy:module/runtime@0.2.0" (instance)))
