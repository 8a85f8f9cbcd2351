//! How time is taken: all contenders take turns, so that noise meets all, and the median of their samples counts.

use std::cell::{Ref, RefCell, RefMut};
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Instant;

use bytemuck::Pod;
use memmap2::{Advice, MmapMut};

/// The least time that a sample takes, in seconds.
const SAMPLE: f64 = 1e-3;

/// A contender that has taken this long, in seconds, and has three samples is not asked again.
const ENOUGH: f64 = 1.5;

const PAGE: usize = 4096;

/// Numbers from a given offset in a page on, in large pages where the kernel gives them, as NumPy has them. Input and output at
/// the same offset alias in the processor's store buffer, which costs whoever happens on it up to a fifth.
pub struct Array<T> {
    memory: MmapMut,
    bytes: std::ops::Range<usize>,
    numbers: PhantomData<T>,
}

impl<T: Pod> Array<T> {
    fn new(values: impl ExactSizeIterator<Item = T>, offset: usize) -> Self {
        let bytes = offset..offset + values.len() * size_of::<T>();
        let memory = MmapMut::map_anon(bytes.end + PAGE).expect("memory for the numbers");
        // Without large pages it works as well.
        _ = memory.advise(Advice::HugePage);
        let mut array = Self { memory, bytes, numbers: PhantomData };
        for (to, value) in array.values_mut().iter_mut().zip(values) {
            *to = value;
        }
        array
    }

    pub fn values(&self) -> &[T] {
        bytemuck::cast_slice(&self.memory[self.bytes.clone()])
    }

    pub fn values_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.memory[self.bytes.clone()])
    }
}

/// What contenders work on: the input (or, for a slope from the output, the output), the gradient that comes in, and the result.
pub struct Arrays<T> {
    from: Array<T>,
    dy: Array<T>,
    y: RefCell<Array<T>>,
}

impl<T: Pod> Arrays<T> {
    pub fn new(x: &[f32], convert: impl Fn(f32) -> T + Copy) -> Rc<Self> {
        Rc::new(Self {
            from: Array::new(x.iter().map(|&x| convert(x)), 0),
            dy: Array::new(x.iter().rev().map(|&x| convert(x)), PAGE / 4),
            y: RefCell::new(Array::new(x.iter().map(|_| convert(0.0)), PAGE / 2)),
        })
    }

    pub fn from(&self) -> &[T] {
        self.from.values()
    }

    fn result(&self) -> Ref<'_, Array<T>> {
        self.y.borrow()
    }

    fn result_mut(&self) -> RefMut<'_, Array<T>> {
        self.y.borrow_mut()
    }
}

/// One way to compute one thing.
pub trait Run {
    /// Computes it once.
    fn once(&mut self);

    /// The seconds that so many repeats take.
    fn time(&mut self, repeats: usize) -> f64 {
        clean_registers();
        let start = Instant::now();
        for _ in 0..repeats {
            self.once();
        }
        start.elapsed().as_secs_f64()
    }

    /// What was computed last.
    fn output(&mut self) -> Vec<f32>;
}

/// A library, and its way to compute what is measured.
pub struct Contender {
    pub name: String,
    run: Box<dyn Run>,
}

impl Contender {
    pub fn new(name: &str, run: impl Run + 'static) -> Self {
        Self { name: name.to_owned(), run: Box::new(run) }
    }

    /// y = f(from, dy), in this process.
    pub fn of<T: Pod + Into<f64>>(
        name: &str,
        arrays: &Rc<Arrays<T>>,
        f: impl FnMut(&[T], &[T], &mut [T]) + 'static,
    ) -> Self {
        Self::new(name, InProcess { arrays: Rc::clone(arrays), f })
    }

    pub fn output(&mut self) -> Vec<f32> {
        self.run.once();
        self.run.output()
    }
}

struct InProcess<T, F> {
    arrays: Rc<Arrays<T>>,
    f: F,
}

impl<T: Pod + Into<f64>, F: FnMut(&[T], &[T], &mut [T])> Run for InProcess<T, F> {
    fn once(&mut self) {
        let mut y = self.arrays.result_mut();
        (self.f)(self.arrays.from.values(), self.arrays.dy.values(), y.values_mut());
        std::hint::black_box(y.values_mut());
    }

    fn output(&mut self) -> Vec<f32> {
        self.arrays.result().values().iter().map(|&y| y.into() as f32).collect()
    }
}

/// Some kernels return with the upper halves of the vector registers in use, after which code compiled for SSE, such as
/// candle's, runs up to 100 times slower: no contender shall pay for the one before it.
fn clean_registers() {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx")]
        fn zero_upper() {
            std::arch::x86_64::_mm256_zeroupper();
        }
        if is_x86_feature_detected!("avx") {
            // SAFETY: the machine was just asked for AVX.
            unsafe { zero_upper() }
        }
    }
}

/// The name and the median time of each contender, in nanoseconds for each of n elements, over at most so many samples.
pub fn medians(contenders: &mut [Contender], n: usize, rounds: usize) -> Vec<(String, f64)> {
    struct Samples {
        repeats: usize,
        seconds: Vec<f64>,
    }
    let mut all: Vec<Samples> = contenders
        .iter_mut()
        .map(|contender| {
            // The first call warms up; it counts only where it is so long that it hardly matters.
            let first = contender.run.time(1);
            let once = if first > 20.0 * SAMPLE { first } else { contender.run.time(1) };
            let repeats = (SAMPLE / once.max(1e-8)).ceil() as usize;
            Samples { repeats, seconds: Vec::new() }
        })
        .collect();
    let last = contenders.len().saturating_sub(1);
    for round in 0..rounds {
        for place in 0..contenders.len() {
            // To and fro, so that none always follows the same other, whose traces in the caches it would pay for.
            let index = if round % 2 == 0 { place } else { last - place };
            let (contender, samples) = (&mut contenders[index], &mut all[index]);
            let spent: f64 = samples.seconds.iter().sum::<f64>() * samples.repeats as f64;
            if round < 3 || spent < ENOUGH {
                // Where several calls make a sample the numbers are in the caches from the second on: let them be from the first.
                if samples.repeats > 1 {
                    contender.run.time(1);
                }
                samples.seconds.push(contender.run.time(samples.repeats) / samples.repeats as f64);
            }
        }
    }
    contenders
        .iter()
        .zip(all)
        .map(|(contender, mut samples)| {
            samples.seconds.sort_by(f64::total_cmp);
            (contender.name.clone(), samples.seconds[samples.seconds.len() / 2] * 1e9 / n as f64)
        })
        .collect()
}
