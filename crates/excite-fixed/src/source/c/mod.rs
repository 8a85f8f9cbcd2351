//! C99: a header alone, or a header and a source.

mod forms;
mod rows;
mod sums;

use alloc::format;
use alloc::string::String;

use super::{CodeType, Source, What, listed};

/// What the text of a kernel depends on beside its numbers.
struct Dialect<'a> {
    name: &'a str,
    input: CodeType,
    output: CodeType,
    /// Whether all is within a header.
    in_header: bool,
}

impl Dialect<'_> {
    /// What stands before a function that others may call.
    fn public(&self) -> &'static str {
        if self.in_header { "static inline " } else { "" }
    }

    /// What stands before a function that only this file calls.
    fn private(&self) -> &'static str {
        if self.in_header { "static inline " } else { "static " }
    }

    /// The first line of the function of one code. In a source it is one that compilers put into the loop over an array.
    fn signature(&self) -> String {
        format!("static inline {} {}({} x)", self.output.in_c(), self.of_one(), self.input.in_c())
    }

    /// The name of that function.
    fn of_one(&self) -> String {
        if self.in_header { self.name.into() } else { format!("{}_of_one", self.name) }
    }

    /// What ends a constant of the output's type.
    fn suffix(&self) -> &'static str {
        self.output.suffix()
    }

    /// An array of constants in the program's memory.
    fn array(&self, what: &str, ty: &str, numbers: impl ExactSizeIterator<Item = i64>) -> String {
        let (name, count) = (self.name, numbers.len());
        let suffix = if ty.starts_with('u') { "u" } else { "" };
        format!("static const {ty} {name}_{what}[{count}] EXCITE_TABLE = {{\n{}\n}};\n", listed(numbers, suffix))
    }
}

/// A header that needs no other file.
pub(super) fn header(source: &Source) -> String {
    let dialect = source.dialect(true);
    let body = format!("{}\n{}", source.functions_in_c(&dialect), source.self_test_in_c(&dialect));
    source.guarded(&format!("{}{body}\n{}", source.where_tables_lie(), source.main_in_c()))
}

/// A header with the declarations, and the source with all else.
pub(super) fn pair(source: &Source) -> [String; 2] {
    let (name, dialect) = (&source.name, source.dialect(false));
    let declarations = source.declarations();
    let body = format!(
        "{}#include \"{name}.h\"\n\n{}{}\n{}\n{}",
        source.comment(),
        source.where_tables_lie(),
        source.functions_in_c(&dialect),
        source.self_test_in_c(&dialect),
        source.main_in_c(),
    );
    [source.guarded(&declarations), body]
}

impl Source {
    fn dialect(&self, in_header: bool) -> Dialect<'_> {
        Dialect { name: &self.name, input: self.from, output: self.to, in_header }
    }

    /// What stands on top.
    fn comment(&self) -> String {
        let mut text = String::from("/*\n");
        for line in &self.head {
            text += format!(" * {line}").trim_end();
            text.push('\n');
        }
        text + " */\n"
    }

    fn guarded(&self, text: &str) -> String {
        let (comment, guard) = (self.comment(), format!("EXCITE_{}_H", self.name.to_ascii_uppercase()));
        let includes = "#include <stddef.h>\n#include <stdint.h>\n";
        format!("{comment}#ifndef {guard}\n#define {guard}\n\n{includes}\n{text}\n#endif\n")
    }

    /// How tables are placed and read; nothing where there is none.
    fn where_tables_lie(&self) -> &'static str {
        if self.table_bytes() == 0 { "" } else { WHERE_TABLES_LIE }
    }

    fn functions_in_c(&self, dialect: &Dialect<'_>) -> String {
        match &self.what {
            What::Codes(numbers) => format!("{}\n{}", dialect.kernel(numbers), self.apply_in_c(dialect)),
            What::Rows(numbers) => dialect.rows(numbers),
            What::Sums(sums) => dialect.sums(sums),
        }
    }

    /// The function of an array.
    fn apply_in_c(&self, dialect: &Dialect<'_>) -> String {
        let Self { name, from, to, .. } = self;
        let (x, y, one) = (from.in_c(), to.in_c(), dialect.of_one());
        let of_one = if dialect.in_header {
            String::new()
        } else {
            format!("{y} {name}({x} x)\n{{\n    return {one}(x);\n}}\n\n")
        };
        format!(
            "{of_one}/* y = f(x) for n codes; x and y may be the same. */
{}void {name}_apply(const {x} *x, {y} *y, size_t n)
{{
    size_t i;
    for (i = 0u; i < n; i++) {{
        y[i] = {one}(x[i]);
    }}
}}
",
            dialect.public()
        )
    }

    fn declarations(&self) -> String {
        let Self { name, from, to, .. } = self;
        let (x, y) = (from.in_c(), to.in_c());
        let functions = match &self.what {
            What::Codes(_) => format!(
                "/* f(x) for one code. */
{y} {name}({x} x);

/* y = f(x) for n codes; x and y may be the same. */
void {name}_apply(const {x} *x, {y} *y, size_t n);
"
            ),
            What::Rows(_) => self.dialect(false).row_declaration(),
            What::Sums(sums) => sums.declarations(name, &y),
        };
        format!(
            "{functions}
/* 0 if every output is what it should be; the checksum is that of the comment on top. */
uint32_t {name}_checksum(void);
int {name}_self_test(void);
"
        )
    }

    fn self_test_in_c(&self, dialect: &Dialect<'_>) -> String {
        let Self { name, to, checksum, .. } = self;
        let public = dialect.public();
        let steps = match &self.what {
            What::Codes(_) => format!(
                "    int32_t code;
    for (code = {}; code <= {}; code++) {{
        uint32_t output = (uint32_t){name}(({})code);
",
                self.from.least,
                self.from.largest,
                self.from.in_c()
            ),
            What::Rows(_) => dialect.row_test(),
            What::Sums(sums) => sums.self_test_in_c(name),
        };
        let bytes = if to.bits == 8 {
            "        hash = (hash ^ (output & 0xffu)) * 0x01000193u;\n"
        } else {
            "        hash = (hash ^ (output & 0xffu)) * 0x01000193u;
        output >>= 8;
        hash = (hash ^ (output & 0xffu)) * 0x01000193u;
"
        };
        let steps = if to.bits == 8 {
            steps.replace("        uint32_t output", "        const uint32_t output")
        } else {
            steps
        };
        let close = if matches!(self.what, What::Rows(_)) { "    }\n" } else { "" };
        format!(
            "/* The checksum of the outputs. */
{public}uint32_t {name}_checksum(void)
{{
    uint32_t hash = 0x811c9dc5u;
{steps}{bytes}    }}
{close}    return hash;
}}

/* 0 if every output is what it should be. */
{public}int {name}_self_test(void)
{{
    return ({name}_checksum() == 0x{checksum:08x}u) ? 0 : 1;
}}
"
        )
    }

    fn main_in_c(&self) -> String {
        format!(
            "#ifdef EXCITE_MAIN
int main(void)
{{
    return {}_self_test();
}}
#endif
",
            self.name
        )
    }
}

/// AVR keeps constants in RAM unless they are put into the program's memory, from where they are read by instructions of their own.
const WHERE_TABLES_LIE: &str = "\
/* Where tables lie, and how their numbers are read. Define all four to put them elsewhere. */
#ifndef EXCITE_TABLE
#ifdef __AVR__
#include <avr/pgmspace.h>
#define EXCITE_TABLE PROGMEM
#define EXCITE_READ_8(place) pgm_read_byte(place)
#define EXCITE_READ_16(place) pgm_read_word(place)
#define EXCITE_READ_32(place) pgm_read_dword(place)
#else
#define EXCITE_TABLE
#define EXCITE_READ_8(place) (*(place))
#define EXCITE_READ_16(place) (*(place))
#define EXCITE_READ_32(place) (*(place))
#endif
#endif

";
