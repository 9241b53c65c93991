//! How long things take, drawn from the world's dice.
//!
//! Public logs of rollouts show gateway endpoints available within a second or two, interface endpoints
//! after 40 to 120 seconds with a long tail, and deletions that take minutes.

use crate::sandbox::dice::Dice;

/// Milliseconds until an interface endpoint is available: lognormal, median 75 s, 99th percentile under
/// five minutes, at most ten. A `slow` one takes four times as long.
#[expect(clippy::cast_possible_truncation, reason = "the result is clamped")]
pub(crate) fn interface_available(dice: &mut Dice, slow: bool) -> i64 {
    let times = if slow { 4.0 } else { 1.0 };
    let seconds = 75.0 * times * (0.55 * dice.normal()).exp();
    (seconds.clamp(20.0, 600.0) * 1000.0) as i64
}

/// Milliseconds until a gateway endpoint is gone.
pub(crate) fn gateway_gone(dice: &mut Dice) -> i64 {
    between(dice, 1_000, 5_000)
}

/// Milliseconds until an interface endpoint is gone.
pub(crate) fn interface_gone(dice: &mut Dice) -> i64 {
    between(dice, 30_000, 180_000)
}

/// Milliseconds that a modification takes.
pub(crate) fn modified(dice: &mut Dice) -> i64 {
    between(dice, 5_000, 40_000)
}

/// Milliseconds that a NAT gateway takes to come, or to go.
pub(crate) fn nat_available(dice: &mut Dice) -> i64 {
    between(dice, 30_000, 120_000)
}

/// Milliseconds that the creation of an account takes.
pub(crate) fn account_created(dice: &mut Dice) -> i64 {
    between(dice, 5_000, 30_000)
}

fn between(dice: &mut Dice, low: i64, high: i64) -> i64 {
    low + i64::try_from(dice.below(high.abs_diff(low))).unwrap_or(0)
}
