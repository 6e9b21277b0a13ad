;; Wants a package whose name begins like that of the contract.
(component
  (import "haproxy:module-extra/runtime@0.1.0" (instance)))
