;; Wants a function of the contract with another type.
(component
  (import "haproxy:module/clock@0.1.0" (instance
    (export "monotonic" (func (result string))))))
