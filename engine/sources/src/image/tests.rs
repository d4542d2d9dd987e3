//! Images that no program writes: damaged, lying, hostile.
