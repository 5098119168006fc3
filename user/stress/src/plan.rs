//! Who lives where.

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

#[cfg(test)]
mod tests {
    use super::{MOST_WORKERS, Role, Space, worker, workers};

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
}
