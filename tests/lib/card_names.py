"""The names in the world of the cards, for whoever needs no more of it."""

URL = "https://boneflag.example"
SERVICE = "ms-bone-health"
ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/keys/jwks.json"
