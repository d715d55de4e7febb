"""Settings -> real objects; the only place that chooses.

Imports are inside the functions on purpose: `boneflag explain` must answer in under a second and
needs neither a database nor a connection.
"""

from service.wiring.bulk import bulk_sweep_for
from service.wiring.ehr import connection_for, delivery_for, reading_connection_for
from service.wiring.line import ledger_for, pipeline_for, spans_for, standing_for
from service.wiring.login import (
    client_for,
    politeness_for,
    redis_for,
    signing_keys_for,
    smart_access_for,
)
from service.wiring.looking import patient_looks_for
from service.wiring.programme import moment_for, sheet_source_for
from service.wiring.protocol import (
    approval_for,
    configured_for,
    effective_for,
    live_refusals_for,
    overlay_for,
    overlay_in_force_for,
    protocol_for,
    protocol_of,
    restored_for,
    shipped_vocabulary_for,
    today_for,
    vocabulary_for,
)
from service.wiring.rebuilding import rebuilding_for
from service.wiring.signing_in import launch_provider_for, sign_in_provider_for
from service.wiring.simulating import simulation_for, simulations_for
from service.wiring.taking_back import channels_for
from service.wiring.watching import gauge_sources_for, queue_lengths_of

__all__ = [
    "approval_for",
    "bulk_sweep_for",
    "channels_for",
    "client_for",
    "configured_for",
    "connection_for",
    "delivery_for",
    "effective_for",
    "gauge_sources_for",
    "launch_provider_for",
    "ledger_for",
    "live_refusals_for",
    "moment_for",
    "overlay_for",
    "overlay_in_force_for",
    "patient_looks_for",
    "pipeline_for",
    "politeness_for",
    "protocol_for",
    "protocol_of",
    "queue_lengths_of",
    "reading_connection_for",
    "rebuilding_for",
    "redis_for",
    "restored_for",
    "sheet_source_for",
    "shipped_vocabulary_for",
    "sign_in_provider_for",
    "signing_keys_for",
    "simulation_for",
    "simulations_for",
    "smart_access_for",
    "spans_for",
    "standing_for",
    "today_for",
    "vocabulary_for",
]
