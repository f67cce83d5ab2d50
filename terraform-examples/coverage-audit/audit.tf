# The proof that every machine of the network is tapped, and that somebody hears it. A check that fails is a warning, in
# the plan and in the apply; make it a postcondition of the data source where it should stop them.

data "vtap_coverage" "app" {
  provider = azurerm

  scope_ids     = [azurerm_virtual_network.app.id]
  attached_only = true

  depends_on = [azurerm_network_interface_tap_configuration.source]
}

check "every_machine_is_tapped" {
  assert {
    condition     = data.vtap_coverage.app.complete && data.vtap_coverage.app.virtual_machine_count > 0
    error_message = "Not every machine is tapped and heard: ${join(", ", data.vtap_coverage.app.gap_interface_ids)}"
  }
}

output "coverage" {
  description = "How each interface stands, and why."
  value = {
    for interface in data.vtap_coverage.app.interfaces :
    element(split("/", interface.id), -1) => join(" ", concat([interface.standing], interface.reasons))
  }
}
