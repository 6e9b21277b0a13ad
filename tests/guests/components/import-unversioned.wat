;; Wants the contract without saying which.
(component
  (import "haproxy:module/runtime" (instance)))
