//! C99.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::{Source, listed};
use crate::kernel_numbers::KernelNumbers;

pub(super) fn source(source: &Source) -> String {
    let Source { name, code, checksum, .. } = source;
    let (ty, upper) = (code.in_c(), name.to_ascii_uppercase());
    let mut text = String::from("/*\n");
    for line in &source.head {
        text += format!(" * {line}").trim_end();
        text.push('\n');
    }
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        " */
#ifndef EXCITE_{upper}_H
#define EXCITE_{upper}_H

#include <stddef.h>
#include <stdint.h>

{}
/* y = f(x) for n codes; x and y may be the same. */
static inline void {name}_apply(const {ty} *x, {ty} *y, size_t n)
{{
    size_t i;
    for (i = 0; i < n; i++) {{
        y[i] = {name}(x[i]);
    }}
}}

/* The checksum of the outputs for all codes. */
static inline uint32_t {name}_checksum(void)
{{
    uint32_t hash = 0x811c9dc5u;
    int32_t code;
    for (code = {least}; code <= {largest}; code++) {{
        uint32_t output = (uint32_t){name}(({ty})code);
        unsigned byte;
        for (byte = 0; byte < sizeof({ty}); byte++) {{
            hash = (hash ^ ((output >> (8 * byte)) & 0xffu)) * 0x01000193u;
        }}
    }}
    return hash;
}}

/* 0 if every output is what it should be. */
static inline int {name}_self_test(void)
{{
    return {name}_checksum() == 0x{checksum:08x}u ? 0 : 1;
}}

#ifdef EXCITE_MAIN
#include <stdio.h>
int main(void)
{{
    printf(\"{name} %08lx\\n\", (unsigned long){name}_checksum());
    return {name}_self_test();
}}
#endif

#endif
",
        kernel(source),
        least = code.least,
        largest = code.largest,
    );
    text
}

/// The function of one code, and its tables.
fn kernel(source: &Source) -> String {
    let Source { name, code, .. } = source;
    let (ty, least, largest) = (code.in_c(), code.least, code.largest);
    let signature = format!("static inline {ty} {name}({ty} x)");
    match &source.numbers {
        KernelNumbers::Table(outputs) => format!(
            "static const {ty} {name}_table[256] = {{
{}
}};

{signature}
{{
    return {name}_table[(int32_t)x - ({least})];
}}
",
            listed(outputs.iter().map(|&output| i64::from(output)))
        ),
        KernelNumbers::Relu { input, output, numerator, denominator, largest: cap } => format!(
            "{signature}
{{
    int32_t steps = (int32_t)x - ({input});
    uint64_t product, whole, rest;
    int32_t y;
    if (steps <= 0) {{
        return {output};
    }}
    /* The quotient of the scales, the result half to even. */
    product = (uint64_t)steps * UINT64_C({numerator});
    whole = product / UINT64_C({denominator});
    rest = product % UINT64_C({denominator});
    if (2 * rest > UINT64_C({denominator}) || (2 * rest == UINT64_C({denominator}) && (whole & 1u) != 0)) {{
        whole++;
    }}
    y = {output} + (int32_t)(whole < 1048576u ? whole : 1048576u);
    return ({ty})(y < {cap} ? y : {cap});
}}
",
        ),
        KernelNumbers::Lines { input, output, fraction, knots } => {
            let (count, unit) = (knots.len(), 1_i64 << fraction);
            format!(
                "/* Where the lines meet: codes, counted from the lowest. */
static const uint16_t {name}_codes[{count}] = {{
{codes}
}};

/* The outputs there, from the zero point on, in 1/{unit} of a step. */
static const int32_t {name}_outputs[{count}] = {{
{outputs}
}};

{signature}
{{
    int32_t place = (int32_t)x - ({least});
    int32_t left = 0, right = {last};
    int32_t from, to, run, length;
    int64_t rise, y, whole, rest;
    while (right - left > 1) {{
        int32_t middle = (left + right) / 2;
        if ({name}_codes[middle] <= place) {{
            left = middle;
        }} else {{
            right = middle;
        }}
    }}
    /* Counted from the end that is nearer to the zero point, so that odd functions stay odd. */
    from = place < {zero} ? right : left;
    to = place < {zero} ? left : right;
    run = place < {zero} ? {name}_codes[from] - place : place - {name}_codes[from];
    length = place < {zero} ? {name}_codes[from] - {name}_codes[to] : {name}_codes[to] - {name}_codes[from];
    rise = ((int64_t){name}_outputs[to] - {name}_outputs[from]) * run;
    rise = (rise < 0 ? rise - length / 2 : rise + length / 2) / length;
    y = {name}_outputs[from] + rise;
    /* Without the fraction, half to even. */
    whole = y >= 0 ? y / {unit} : -((-y + {below}) / {unit});
    rest = y - whole * {unit};
    if (rest > {half} || (rest == {half} && whole % 2 != 0)) {{
        whole++;
    }}
    whole += {output};
    return ({ty})(whole < ({least}) ? ({least}) : whole > {largest} ? {largest} : whole);
}}
",
                codes = listed(knots.iter().map(|&(code, _)| i64::from(code - least))),
                outputs = listed(knots.iter().map(|&(_, output)| output)),
                last = count - 1,
                zero = input - least,
                below = unit - 1,
                half = unit / 2,
            )
        }
    }
}
