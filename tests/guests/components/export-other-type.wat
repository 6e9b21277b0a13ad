;; Describes itself with a number.
(component
  (core module $code
    (func (export "describe") (result i32) i32.const 42))
  (core instance $code (instantiate $code))
  (func $describe (result u32) (canon lift (core func $code "describe")))
  (instance $tools (export "describe" (func $describe)))
  (export "haproxy:module/tools@0.1.0" (instance $tools)))
