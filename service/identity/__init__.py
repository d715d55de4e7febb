"""Who somebody is: what OpenID Connect and SMART App Launch say to each other, without a door."""
