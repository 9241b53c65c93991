//! Token buckets.

use std::collections::BTreeMap;

/// The size of a bucket and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) max: f64,
    /// Tokens per second of simulated time.
    pub(crate) refill: f64,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: i64,
}

/// All buckets; one that was never used is full.
#[derive(Debug, Default)]
pub(crate) struct Buckets(BTreeMap<String, Bucket>);

impl Buckets {
    /// Takes one token of each bucket, or none of any. A refused request takes no token: whether AWS takes
    /// one is not documented.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since the last request are few")]
    pub(crate) fn take(&mut self, wanted: &[(String, Limit)], sim: i64) -> bool {
        for (key, limit) in wanted {
            let fresh = Bucket { tokens: limit.max, at: sim };
            let bucket = self.0.entry(key.clone()).or_insert(fresh);
            let seconds = (sim - bucket.at).max(0) as f64 / 1000.0;
            bucket.tokens = seconds.mul_add(limit.refill, bucket.tokens).min(limit.max);
            bucket.at = sim;
        }
        let enough = |(key, _): &(String, Limit)| {
            self.0.get(key).is_some_and(|bucket| bucket.tokens >= 1.0 - 1e-9)
        };
        if !wanted.iter().all(enough) {
            return false;
        }
        for (key, _) in wanted {
            if let Some(bucket) = self.0.get_mut(key) {
                bucket.tokens -= 1.0;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Buckets, Limit};

    #[test]
    fn a_bucket_of_four_admits_four_and_then_one_each_refill() {
        let mut buckets = Buckets::default();
        let limit = [("create".to_owned(), Limit { max: 4.0, refill: 0.3 })];
        let admitted = (0..6).filter(|_| buckets.take(&limit, 1_000)).count();
        assert_eq!(admitted, 4);
        assert!(!buckets.take(&limit, 4_000));
        assert!(buckets.take(&limit, 4_334));
        assert!(!buckets.take(&limit, 4_334));
    }
}
