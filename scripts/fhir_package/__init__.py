"""What `scripts/build_fhir_package.py` is made of: one module for each kind of resource.

Nothing here decides anything clinical. Every number, grade, title and citation is read from the
protocol, every population from `service.measure`, every span of a refusal from the code that
respects it; what stands here is only how FHIR says it.
"""
