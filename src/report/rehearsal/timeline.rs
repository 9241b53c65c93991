//! How many targets did what, over time: folded from the stream of events.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::TargetId;
use crate::report::event::{Event, EventKind, Phase, Step};

/// What a target does, as far as a timeline tells it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// Being read, before the barrier.
    Observing,
    /// Being changed, or waiting for AWS to take the next call.
    Changing,
    /// Waiting for its endpoints.
    Waiting,
    /// Being read again.
    Verifying,
    /// At its end.
    Done,
}

impl Doing {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Observing, Self::Changing, Self::Waiting, Self::Verifying, Self::Done];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observing => "observing",
            Self::Changing => "changing",
            Self::Waiting => "waiting",
            Self::Verifying => "verifying",
            Self::Done => "done",
        }
    }
}

/// How many targets do each thing, in the order of [`Doing::ALL`].
pub type Counts = [usize; Doing::ALL.len()];

/// The timeline of a run.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    doing: BTreeMap<TargetId, Doing>,
    now: Counts,
    /// Where the counts changed, each moment once.
    moments: Vec<(Duration, Counts)>,
    peak: Counts,
    in_flight: usize,
    end: Duration,
    phase: Option<Phase>,
}

impl Timeline {
    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        self.end = self.end.max(event.elapsed);
        match &event.kind {
            EventKind::PhaseStarted { phase, .. } => self.phase = Some(*phase),
            EventKind::TargetStarted { target, .. } => {
                let doing = match self.phase {
                    Some(Phase::Apply) => Doing::Changing,
                    _ => Doing::Observing,
                };
                self.turn(event.elapsed, target, Some(doing));
            }
            EventKind::TargetStep { target, step } => {
                let doing = match step {
                    Step::Queued => None,
                    Step::Observing => Some(Doing::Observing),
                    Step::Applying => Some(Doing::Changing),
                    Step::Waiting => Some(Doing::Waiting),
                    Step::Verifying => Some(Doing::Verifying),
                };
                self.turn(event.elapsed, target, doing);
            }
            // Planned: it waits for the barrier, or for its turn.
            EventKind::TargetPlanned { target, .. } => self.turn(event.elapsed, target, None),
            EventKind::TargetFinished { target, .. } => {
                self.turn(event.elapsed, target, Some(Doing::Done));
            }
            _ => {}
        }
    }

    fn turn(&mut self, at: Duration, target: &TargetId, doing: Option<Doing>) {
        let before = match doing {
            Some(doing) => self.doing.insert(target.clone(), doing),
            None => self.doing.remove(target),
        };
        if before == doing {
            return;
        }
        if let Some(before) = before {
            self.now[before as usize] -= 1;
        }
        if let Some(doing) = doing {
            self.now[doing as usize] += 1;
        }
        match self.moments.last_mut() {
            Some((last, counts)) if *last == at => *counts = self.now,
            _ => self.moments.push((at, self.now)),
        }
        for (peak, now) in self.peak.iter_mut().zip(self.now) {
            *peak = now.max(*peak);
        }
        let [_, changing, waiting, verifying, _] = self.now;
        self.in_flight = self.in_flight.max(changing + waiting + verifying);
    }

    /// When the last event happened.
    pub fn end(&self) -> Duration {
        self.end
    }

    /// The most targets that did each thing at one moment.
    pub fn peak(&self) -> Counts {
        self.peak
    }

    /// The most targets between the beginning of their change and their end at one moment.
    pub fn peak_in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many targets did each thing at this moment.
    pub fn at(&self, moment: Duration) -> Counts {
        let after = self.moments.partition_point(|(at, _)| *at <= moment);
        after.checked_sub(1).map_or_else(Counts::default, |last| self.moments[last].1)
    }

    /// The run in so many equal parts: how many targets did each thing in each part, on average.
    pub fn parts(&self, count: usize) -> Vec<[f64; Doing::ALL.len()]> {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        let border = |number: u32| self.end.mul_f64(f64::from(number) / f64::from(count));
        (0..count).map(|number| self.average(border(number), border(number + 1))).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "targets are far fewer than 2^52")]
    fn average(&self, from: Duration, to: Duration) -> [f64; Doing::ALL.len()] {
        let mut sums = [0.0; Doing::ALL.len()];
        let first = self.moments.partition_point(|(at, _)| *at <= from);
        let inside = self.moments[first..].iter().take_while(|(at, _)| *at < to);
        let (mut at, mut counts) = (from, self.at(from));
        for (next, after) in inside.copied().chain([(to, Counts::default())]) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count as f64 * next.saturating_sub(at).as_secs_f64();
            }
            (at, counts) = (next, after);
        }
        let length = to.saturating_sub(from).as_secs_f64();
        if length > 0.0 { sums.map(|sum| sum / length) } else { sums }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::outcome::Outcome;

    fn timeline() -> Timeline {
        let target = |number: u64| -> TargetId {
            format!("{:012}/eu-west-1", 111_122_223_333 + number).parse().unwrap()
        };
        let name = String::new;
        let mut timeline = Timeline::default();
        let mut say = |seconds, kind| {
            timeline.apply(&Event { elapsed: Duration::from_secs(seconds), kind });
        };
        say(0, EventKind::PhaseStarted { phase: Phase::Observe, targets: 2 });
        for number in 0..2 {
            say(number, EventKind::TargetStarted { target: target(number), name: name() });
        }
        for number in 0..2 {
            let (target, name) = (target(number), name());
            let kind = EventKind::TargetPlanned {
                target,
                name,
                create: 1,
                modify: 0,
                delete: 0,
                blocked: 0,
            };
            say(2, kind);
        }
        say(2, EventKind::PhaseStarted { phase: Phase::Apply, targets: 1 });
        say(2, EventKind::TargetStarted { target: target(0), name: name() });
        for _ in 0..3 {
            say(4, EventKind::TargetStep { target: target(0), step: Step::Waiting });
        }
        say(9, EventKind::TargetStep { target: target(0), step: Step::Verifying });
        for number in 0..2 {
            let (target, outcome) = (target(number), Outcome::Changed);
            say(10, EventKind::TargetFinished { target, name: name(), outcome });
        }
        timeline
    }

    #[test]
    fn every_moment_has_its_counts() {
        let timeline = timeline();
        for (second, counts) in [
            (0, [1, 0, 0, 0, 0]),
            (1, [2, 0, 0, 0, 0]),
            (2, [0, 1, 0, 0, 0]),
            (5, [0, 0, 1, 0, 0]),
            (9, [0, 0, 0, 1, 0]),
            (10, [0, 0, 0, 0, 2]),
        ] {
            assert_eq!(timeline.at(Duration::from_secs(second)), counts, "second {second}");
        }
        assert_eq!(timeline.peak(), [2, 1, 1, 1, 2]);
        assert_eq!(timeline.peak_in_flight(), 1);
    }

    #[test]
    fn parts_are_averages_over_their_time() {
        let shown = |timeline: &Timeline, count| format!("{:.1?}", timeline.parts(count));
        // In the first half: a second of one and a second of two observed, two of one changed, one waiting.
        let halves = "[[0.6, 0.4, 0.2, 0.0, 0.0], [0.0, 0.0, 0.8, 0.2, 0.0]]";
        assert_eq!(shown(&timeline(), 2), halves);
        assert_eq!(shown(&Timeline::default(), 1), "[[0.0, 0.0, 0.0, 0.0, 0.0]]");
    }
}
