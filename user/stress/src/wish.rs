//! What the command line asks for.

use crate::mix::Mix;

/// A run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Start of all random numbers.
    pub seed: u64,
    /// How long, in seconds.
    pub seconds: u64,
    /// How many operations at most, of all workers together.
    pub steps: u64,
    /// What happens.
    pub mix: Mix,
}

impl Wish {
    /// Reads words `seed=S`, `seconds=T`, `steps=N` and `mix=ipc,long,...`; what is missing is 1, 10, no limit and all.
    ///
    /// # Errors
    /// The word that means nothing.
    pub fn read(args: &str) -> Result<Self, &str> {
        let mut wish = Self {
            seed: 1,
            seconds: 10,
            steps: u64::MAX,
            mix: Mix::ALL,
        };
        for word in args.split_whitespace() {
            let (name, value) = word.split_once('=').ok_or(word)?;
            match name {
                "seed" => wish.seed = value.parse().map_err(|_| word)?,
                "seconds" => wish.seconds = value.parse().map_err(|_| word)?,
                "steps" => wish.steps = value.parse().map_err(|_| word)?,
                "mix" => wish.mix = Mix::read(value).map_err(|_| word)?,
                _ => return Err(word),
            }
        }
        Ok(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::Wish;
    use crate::mix::{Kind, Mix};

    #[test]
    fn command_lines() {
        let wish = Wish::read("seed=7 seconds=30 steps=5 mix=ipc,kill").expect("fine");
        assert_eq!((wish.seed, wish.seconds, wish.steps), (7, 30, 5));
        assert_eq!(wish.mix, Mix::CALM.with(Kind::Kill));
        let wish = Wish::read("").expect("fine");
        assert_eq!((wish.mix, wish.steps), (Mix::ALL, u64::MAX));
        for bad in ["seed", "seed=x", "mix=chaos", "colour=red", "steps=-1"] {
            assert_eq!(Wish::read(bad), Err(bad));
        }
    }
}
