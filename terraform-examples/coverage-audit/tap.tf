# The TAP, and its sources: every machine that is watched, but for those that are exempt.

resource "azurerm_virtual_network_tap" "collector" {
  name                = "tap-collector"
  resource_group_name = azurerm_resource_group.audit.name
  location            = azurerm_resource_group.audit.location

  destination_network_interface_ip_configuration_id = azurerm_network_interface.machine["collector"].ip_configuration[0].id
}

# What each rule says of a source. `provider` is needed because the name of the type does not say whose it is.

data "vtap_eligibility" "source" {
  provider = azurerm
  for_each = local.watched

  network_interface_id   = azurerm_network_interface.machine[each.key].id
  virtual_network_tap_id = azurerm_virtual_network_tap.collector.id

  # A plan reads what is already there: before the first apply these are not.
  depends_on = [azurerm_linux_virtual_machine.machine]
}

resource "azurerm_network_interface_tap_configuration" "source" {
  for_each = setsubtract(local.watched, var.exempt)

  name                   = "to-collector"
  network_interface_id   = azurerm_network_interface.machine[each.key].id
  virtual_network_tap_id = azurerm_virtual_network_tap.collector.id

  lifecycle {
    precondition {
      condition     = data.vtap_eligibility.source[each.key].eligible
      error_message = join("\n", data.vtap_eligibility.source[each.key].reasons)
    }
  }
}
