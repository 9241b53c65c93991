//! Caps: a plan that changes more than accounts.toml lets it is refused before anybody is asked.

use crate::config::{Guard, Share};
use crate::plan::Plan;
use crate::plan::{Planned, TargetPlan};

/// How much a plan changes of one kind.
struct Amount {
    resources: usize,
    targets: usize,
}

/// Why the plan is refused; nothing where it is within the caps. `all` is how many targets the organization
/// has, in scope or not: a share of a handful picked by hand would say nothing.
pub(super) fn beyond(plan: &Plan, caps: &Guard, all: usize) -> Vec<String> {
    let deletes = amount(plan, |plan| plan.counts().delete);
    let changes = amount(plan, |plan| {
        let counts = plan.counts();
        counts.create + counts.modify + counts.delete
    });
    let deletes =
        refusal("deletes", "max_deletes", "--max-deletes", &deletes, caps.max_deletes, all);
    let changes =
        refusal("changes", "max_changes", "--max-changes", &changes, caps.max_changes, all);
    deletes.into_iter().chain(changes).collect()
}

fn amount(plan: &Plan, count: impl Fn(&TargetPlan) -> usize) -> Amount {
    let counts = plan.targets.values().filter_map(|planned| match planned {
        Planned::Ready(plan) => Some(count(plan)).filter(|count| *count > 0),
        Planned::Unreachable { .. } => None,
    });
    counts.fold(Amount { resources: 0, targets: 0 }, |sum, count| Amount {
        resources: sum.resources + count,
        targets: sum.targets + 1,
    })
}

fn refusal(
    verb: &str,
    key: &str,
    flag: &str,
    amount: &Amount,
    cap: Option<Share>,
    all: usize,
) -> Option<String> {
    let cap = cap?;
    let Amount { resources, targets } = amount;
    let (is_beyond, allowed, raise) = match cap {
        Share::Count(most) => (*resources > most, most.to_string(), resources.to_string()),
        Share::Percent(_) => {
            let most = cap.rounded_up(all);
            let needed = (targets * 100).div_ceil(all.max(1));
            (
                *targets > most,
                format!("{cap}, which is {most} of {all} targets"),
                format!("{needed}%"),
            )
        }
    };
    is_beyond.then(|| {
        let resources = if *resources == 1 { "1 resource".to_owned() } else { format!("{resources} resources") };
        let targets = if *targets == 1 { "1 target".to_owned() } else { format!("{targets} targets") };
        format!(
            "this plan {verb} {resources} in {targets}, and `{key}` allows {allowed}; if that is what you \
             want, say so: {flag} {raise}"
        )
    })
}
