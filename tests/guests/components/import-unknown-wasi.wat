;; Wants a function that a linked package of WASI does not have.
(component
  (import "wasi:cli/environment@0.2.0" (instance
    (export "set-variable" (func (param "name" string))))))
