//! Who lives where, and what the command line asks for.

/// Most workers.
pub const MOST_WORKERS: usize = 64;
/// Workers per CPU, if there are not too many CPUs.
const PER_CPU: usize = 6;

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Waits for requests and answers them. Never deleted, so others may call it without a limit.
    Steady,
    /// As that, but it may be deleted at any time.
    Mortal,
    /// Starts what happens.
    Client,
}

/// Where a worker lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// In the root task's space.
    Root,
    /// In a space that workers of all CPUs share.
    Shared,
    /// In a space of its own.
    Own,
}

/// What is fixed about a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// What it does.
    pub role: Role,
    /// Where it lives.
    pub space: Space,
    /// The CPU that it starts on.
    pub cpu: usize,
    /// Whether it may be deleted and made again.
    pub mortal: bool,
    /// Whether it stays on its CPU.
    pub settled: bool,
}

/// Number of workers on a machine with `cpus` CPUs.
#[must_use]
pub const fn workers(cpus: usize) -> usize {
    let all = per_cpu(cpus) * cpus;
    if all < MOST_WORKERS {
        all
    } else {
        MOST_WORKERS
    }
}

const fn per_cpu(cpus: usize) -> usize {
    match MOST_WORKERS / cpus {
        0 => 1,
        few if few < PER_CPU => few,
        _ => PER_CPU,
    }
}

/// Worker `index` on a machine with `cpus` CPUs. Worker 0 is the first thread of the shared space.
#[must_use]
pub const fn worker(index: usize, cpus: usize) -> Worker {
    let (role, space, mortal) = match index % PER_CPU {
        0 => (Role::Steady, Space::Shared, false),
        1 => (Role::Client, Space::Root, false),
        2 => (Role::Client, Space::Shared, true),
        3 => (Role::Mortal, Space::Own, true),
        4 => (Role::Client, Space::Own, true),
        _ => (Role::Client, Space::Root, true),
    };
    let group = index / PER_CPU % 2;
    Worker {
        role,
        space,
        cpu: index / per_cpu(cpus),
        mortal,
        settled: matches!((index % PER_CPU, group), (0, 0) | (1, _) | (3, 1)),
    }
}

/// Kinds of interference besides messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Aborting other threads' IPC.
    pub cancel: bool,
    /// Changing priorities and time slices.
    pub priority: bool,
    /// Moving threads to other CPUs.
    pub migrate: bool,
    /// Deleting threads and making them again.
    pub kill: bool,
}

impl Mix {
    /// Everything.
    pub const ALL: Self = Self {
        cancel: true,
        priority: true,
        migrate: true,
        kill: true,
    };
    /// Messages only.
    pub const NONE: Self = Self {
        cancel: false,
        priority: false,
        migrate: false,
        kill: false,
    };
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Start of all random numbers.
    pub seed: u64,
    /// How long, in seconds.
    pub seconds: u64,
    /// What happens besides messages.
    pub mix: Mix,
}

impl Wish {
    /// Reads words `seed=S`, `seconds=T` and `mix=ipc,cancel,priority,migrate,kill`; what is missing is 1, 10 and all.
    ///
    /// # Errors
    /// The word that means nothing.
    pub fn read(args: &str) -> Result<Self, &str> {
        let mut wish = Self {
            seed: 1,
            seconds: 10,
            mix: Mix::ALL,
        };
        for word in args.split_whitespace() {
            let (name, value) = word.split_once('=').ok_or(word)?;
            match name {
                "seed" => wish.seed = value.parse().map_err(|_| word)?,
                "seconds" => wish.seconds = value.parse().map_err(|_| word)?,
                "mix" => wish.mix = mix(value).ok_or(word)?,
                _ => return Err(word),
            }
        }
        Ok(wish)
    }
}

fn mix(names: &str) -> Option<Mix> {
    let mut mix = Mix::NONE;
    for name in names.split(',') {
        match name {
            "ipc" => {}
            "cancel" => mix.cancel = true,
            "priority" => mix.priority = true,
            "migrate" => mix.migrate = true,
            "kill" => mix.kill = true,
            _ => return None,
        }
    }
    Some(mix)
}

#[cfg(test)]
mod tests {
    use super::{MOST_WORKERS, Mix, Role, Space, Wish, worker, workers};

    #[test]
    fn every_cpu_has_workers() {
        for cpus in 1..=64 {
            let all: Vec<_> = (0..workers(cpus)).map(|i| worker(i, cpus)).collect();
            assert!(all.len() <= MOST_WORKERS);
            assert!((0..cpus).all(|cpu| all.iter().any(|worker| worker.cpu == cpu)));
            assert!(all.iter().all(|worker| worker.cpu < cpus));
        }
        assert_eq!(workers(100), MOST_WORKERS);
    }

    #[test]
    fn there_is_always_somebody_to_call_without_a_limit() {
        for cpus in 1..=64 {
            let first = worker(0, cpus);
            assert_eq!(
                (first.role, first.space, first.mortal),
                (Role::Steady, Space::Shared, false)
            );
        }
    }

    #[test]
    fn steady_workers_are_never_deleted() {
        let steady = |index| worker(index, 8).role == Role::Steady;
        assert!(
            (0..workers(8))
                .filter(|i| steady(*i))
                .all(|i| !worker(i, 8).mortal)
        );
    }

    #[test]
    fn command_lines() {
        let wish = Wish::read("seed=7 seconds=30 mix=ipc,kill").expect("fine");
        assert_eq!((wish.seed, wish.seconds), (7, 30));
        assert_eq!(
            wish.mix,
            Mix {
                kill: true,
                ..Mix::NONE
            }
        );
        assert_eq!(Wish::read("").expect("fine").mix, Mix::ALL);
        for bad in ["seed", "seed=x", "mix=chaos", "colour=red"] {
            assert_eq!(Wish::read(bad), Err(bad));
        }
    }
}
