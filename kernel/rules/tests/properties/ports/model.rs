//! The naive model: for each port of each space, the space that it came from.

use std::collections::BTreeMap;

use pecan_rules::ports::{Mode, Ports};

/// The space that owns all ports.
pub(super) const OWNER: u32 = 0;

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) givers: BTreeMap<(u32, u16), u32>,
}

impl Model {
    pub(super) fn give(&mut self, from: u32, to: u32, ports: Ports, mode: Mode) {
        for port in ports.first..=ports.last {
            let given = match from {
                OWNER => Some(OWNER),
                _ => self.givers.get(&(from, port)).copied(),
            };
            let Some(above) = given else { continue };
            if mode == Mode::Map || from == OWNER {
                self.givers.entry((to, port)).or_insert(from);
            } else {
                self.grant(from, to, port, above);
            }
        }
    }

    fn grant(&mut self, from: u32, to: u32, port: u16, above: u32) {
        if !self.givers.contains_key(&(to, port)) {
            self.givers.insert((to, port), above);
            for ((_, other), giver) in &mut self.givers {
                if *other == port && *giver == from {
                    *giver = to;
                }
            }
        } else if self.derives(to, from, port) {
            self.givers.insert((to, port), above);
        }
        self.take_one(from, port, true);
    }

    fn derives(&self, space: u32, from: u32, port: u16) -> bool {
        let giver = self.givers.get(&(space, port));
        giver.is_some_and(|giver| *giver == from || self.derives(*giver, from, port))
    }

    pub(super) fn take(&mut self, space: u32, ports: Ports, flush: bool) {
        for port in ports.first..=ports.last {
            self.take_one(space, port, flush);
        }
    }

    fn take_one(&mut self, space: u32, port: u16, own: bool) {
        if own {
            self.givers.remove(&(space, port));
        }
        let below: Vec<u32> = self
            .givers
            .iter()
            .filter(|((_, other), giver)| *other == port && **giver == space)
            .map(|((below, _), _)| *below)
            .collect();
        for below in below {
            self.take_one(below, port, true);
        }
    }
}
