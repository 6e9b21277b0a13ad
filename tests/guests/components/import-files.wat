;; Wants the files of the host, which nobody grants.
(component
  (import "haproxy:module/files@0.1.0" (instance
    (export "open" (func (param "path" string) (result string))))))
