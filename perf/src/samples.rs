//! Order statistics of a set of samples.

/// Samples in rising order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples(Vec<u64>);

impl Samples {
    /// Takes samples in any order; none gives `None`.
    pub fn new(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        (!values.is_empty()).then_some(Self(values))
    }

    /// The smallest sample.
    pub fn min(&self) -> u64 {
        self.percentile(0)
    }

    /// The smallest sample that at least `percent` % of all samples do not exceed (nearest rank).
    /// `percent` is 0 to 100.
    pub fn percentile(&self, percent: usize) -> u64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank.min(self.0.len()) - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    fn of(values: impl IntoIterator<Item = u64>) -> Samples {
        Samples::new(values.into_iter().collect()).expect("samples")
    }

    #[test]
    fn ranks_of_a_hundred() {
        let samples = of((1..=100).rev());
        assert_eq!((samples.min(), samples.percentile(10)), (1, 10));
        assert_eq!((samples.percentile(50), samples.percentile(100)), (50, 100));
    }

    #[test]
    fn few_samples() {
        let one = of([7]);
        assert_eq!(
            (one.min(), one.percentile(10), one.percentile(50)),
            (7, 7, 7)
        );
        let three = of([9, 1, 5]);
        assert_eq!(
            (three.min(), three.percentile(10), three.percentile(50)),
            (1, 1, 5)
        );
        assert_eq!(Samples::new(Vec::new()), None);
    }
}
