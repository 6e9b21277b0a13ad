;; Wants to be told something before it describes itself.
(component
  (core module $code
    (func (export "describe") (param i32) (result i32) i32.const 42))
  (core instance $code (instantiate $code))
  (func $describe (param "secret" u32) (result u32) (canon lift (core func $code "describe")))
  (instance $tools (export "describe" (func $describe)))
  (export "haproxy:module/tools@0.1.0" (instance $tools)))
