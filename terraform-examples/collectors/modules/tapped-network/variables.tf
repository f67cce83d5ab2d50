variable "name" {
  description = "What the resource group is called, after rg-."
  type        = string
}

variable "location" {
  description = "The Azure region of everything: a TAP, its sources and its destination are in one."
  type        = string
  default     = "Germany West Central"
}

variable "virtual_network_tap_ids" {
  description = "The TAP that each machine sends its copies to. One TAP may serve both."
  type        = object({ web = string, database = string })
}

variable "health_port" {
  description = "The TCP port that a load balancer probes the collectors on; null where there is no load balancer."
  type        = number
  default     = null
}

variable "public_key" {
  description = "The SSH key that logs in to the machines. The private half of the default was thrown away."
  type        = string
  default     = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHzU5EmQ9DCG5SyzXHBaq7GsqiMcoVFvF/snclaFzMhr quickstart"
}
