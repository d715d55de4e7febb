"""Every criterion that a protocol may name. They never import each other."""

from service.screening.criteria import (
    age_baseline,
    central_dxa,
    data_gap,
    disability_severe,
    dxa_ordered,
    exclusions,
    low_bone_mass,
    low_trauma_fracture,
    low_weight,
    multiple_sclerosis,
    osteoporosis_known,
    osteoporosis_therapy,
    progressive_course,
    sustained_glucocorticoid,
    treatment_gap,
    vitamin_d_low,
    wheelchair_chair_or_bed,
)

CRITERIA = {
    criterion.id: criterion
    for criterion in (
        multiple_sclerosis.CRITERION,
        progressive_course.CRITERION,
        disability_severe.CRITERION,
        wheelchair_chair_or_bed.CRITERION,
        low_trauma_fracture.CRITERION,
        sustained_glucocorticoid.CRITERION,
        low_weight.CRITERION,
        vitamin_d_low.CRITERION,
        age_baseline.CRITERION,
        low_bone_mass.CRITERION,
        *exclusions.CRITERIA,
        central_dxa.CRITERION,
        osteoporosis_known.CRITERION,
        osteoporosis_therapy.CRITERION,
        dxa_ordered.CRITERION,
        treatment_gap.CRITERION,
        data_gap.CRITERION,
    )
}
