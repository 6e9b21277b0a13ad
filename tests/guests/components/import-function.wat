;; Wants a function without an interface.
(component
  (import "run-command" (func (param "line" string) (result string))))
