//! Values by resource: an array for a few of them, a list for many.

use super::few::MOST;
use std::array::from_fn;
use std::fmt::Debug;
use std::ops::{Index, IndexMut};

/// Values by the number of a resource.
pub(super) trait Slots<T>: Debug + Default + Index<u32, Output = T> + IndexMut<u32> {
    /// Gives the next resource, of this number, its value.
    fn add(&mut self, r: u32, value: T);

    /// The values of the first so many resources.
    fn into_vec(self, len: usize) -> Vec<T>;
}

/// Those of up to 128 resources. Numbers are taken modulo 128: no look-up can fail, so none is
/// checked.
#[derive(Debug)]
pub(super) struct Fixed<T>(pub(super) [T; MOST]);

impl<T: Default> Default for Fixed<T> {
    fn default() -> Self {
        Self(from_fn(|_| T::default()))
    }
}

impl<T> Index<u32> for Fixed<T> {
    type Output = T;

    #[inline]
    fn index(&self, r: u32) -> &T {
        &self.0[r as usize % MOST]
    }
}

impl<T> IndexMut<u32> for Fixed<T> {
    #[inline]
    fn index_mut(&mut self, r: u32) -> &mut T {
        &mut self.0[r as usize % MOST]
    }
}

impl<T: Debug + Default> Slots<T> for Fixed<T> {
    fn add(&mut self, r: u32, value: T) {
        self[r] = value;
    }

    fn into_vec(self, len: usize) -> Vec<T> {
        self.0.into_iter().take(len).collect()
    }
}

/// Those of any number of resources.
#[derive(Debug)]
pub(super) struct Listed<T>(pub(super) Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Index<u32> for Listed<T> {
    type Output = T;

    #[inline]
    fn index(&self, r: u32) -> &T {
        &self.0[r as usize]
    }
}

impl<T> IndexMut<u32> for Listed<T> {
    #[inline]
    fn index_mut(&mut self, r: u32) -> &mut T {
        &mut self.0[r as usize]
    }
}

impl<T: Debug> Slots<T> for Listed<T> {
    fn add(&mut self, _r: u32, value: T) {
        self.0.push(value);
    }

    fn into_vec(self, _len: usize) -> Vec<T> {
        self.0
    }
}
