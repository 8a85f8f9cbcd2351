//! Tables of FlatBuffers, read with every offset checked: files come from anywhere.
//!
//! The form is that of <https://flatbuffers.dev/internals>: a table begins with the distance to its list of fields (the vtable), which has
//! the place of each within the table, or 0 where it is left out.

/// A table in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    /// The outermost table.
    pub fn root(bytes: &'a [u8]) -> Option<Self> {
        Self::at(bytes, follow(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        (at + 4 <= bytes.len()).then_some(Self { bytes, at })
    }

    /// Where a field is.
    fn field(&self, index: usize) -> Option<usize> {
        let back = i64::from(i32::from_le_bytes(four(self.bytes, self.at)?));
        let vtable = usize::try_from(i64::try_from(self.at).ok()? - back).ok()?;
        let size = usize::from(u16::from_le_bytes(two(self.bytes, vtable)?));
        let slot = 4 + 2 * index;
        if slot + 2 > size {
            return None;
        }
        let offset = usize::from(u16::from_le_bytes(two(self.bytes, vtable.checked_add(slot)?)?));
        (offset != 0).then(|| self.at + offset)
    }

    /// A byte; 0 where it is left out.
    pub fn byte(&self, index: usize) -> i8 {
        self.field(index).and_then(|at| self.bytes.get(at)).map_or(0, |byte| byte.cast_signed())
    }

    /// A whole number; 0 where it is left out.
    pub fn int(&self, index: usize) -> i32 {
        self.field(index).and_then(|at| four(self.bytes, at)).map_or(0, i32::from_le_bytes)
    }

    /// A table within.
    pub fn table(&self, index: usize) -> Option<Self> {
        Self::at(self.bytes, follow(self.bytes, self.field(index)?)?)
    }

    pub fn text(&self, index: usize) -> &'a str {
        let vector = self.vector(index, 1);
        vector.and_then(|(at, count)| std::str::from_utf8(&self.bytes[at..at + count]).ok()).unwrap_or_default()
    }

    pub fn tables(&self, index: usize) -> Vec<Self> {
        let (at, count) = self.vector(index, 4).unwrap_or((0, 0));
        let one = |place: usize| Self::at(self.bytes, follow(self.bytes, at + 4 * place)?);
        (0..count).map_while(one).collect()
    }

    pub fn ints(&self, index: usize) -> Vec<i32> {
        self.numbers(index, |bytes, at| four(bytes, at).map(i32::from_le_bytes), 4)
    }

    pub fn floats(&self, index: usize) -> Vec<f32> {
        self.numbers(index, |bytes, at| four(bytes, at).map(f32::from_le_bytes), 4)
    }

    pub fn longs(&self, index: usize) -> Vec<i64> {
        let read = |bytes: &[u8], at: usize| bytes.get(at..at + 8)?.try_into().ok().map(i64::from_le_bytes);
        self.numbers(index, read, 8)
    }

    fn numbers<T>(&self, index: usize, read: impl Fn(&[u8], usize) -> Option<T>, size: usize) -> Vec<T> {
        let (at, count) = self.vector(index, size).unwrap_or((0, 0));
        (0..count).map_while(|place| read(self.bytes, at + size * place)).collect()
    }

    /// Where the elements of a vector begin, and how many there are; all of them are within the bytes.
    fn vector(&self, index: usize, size: usize) -> Option<(usize, usize)> {
        let at = follow(self.bytes, self.field(index)?)?;
        let count = u32::from_le_bytes(four(self.bytes, at)?) as usize;
        let fits = count.checked_mul(size)?.checked_add(at + 4)? <= self.bytes.len();
        fits.then_some((at + 4, count))
    }
}

/// The place that the offset at a place leads to.
fn follow(bytes: &[u8], at: usize) -> Option<usize> {
    at.checked_add(u32::from_le_bytes(four(bytes, at)?) as usize).filter(|&to| to < bytes.len())
}

fn four(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok()
}

fn two(bytes: &[u8], at: usize) -> Option<[u8; 2]> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok()
}
