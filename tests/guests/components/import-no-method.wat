;; Wants a function that the contract's interface does not have.
(component
  (import "haproxy:module/clock@0.1.0" (instance
    (export "set-time" (func (param "milliseconds" u64))))))
