/* Runs a kernel's self-test, and counts what a value costs: instructions, or cycles on an AVR. */
#include <stddef.h>
#include <stdint.h>

#include "machine.h"
#include "measured.h"

#ifdef __AVR__
#define AT_ONCE 16
#define TIMES 16
#else
#define AT_ONCE 64
#define TIMES 64
#endif

static INPUT x[AT_ONCE];
static OUTPUT y[AT_ONCE];

static void say_number(uint32_t number)
{
    char text[12];
    char *end = &text[11];
    *end = '\0';
    do {
        *--end = (char)('0' + (number % 10u));
        number /= 10u;
    } while (number != 0u);
    say(end);
}

/* Of `TIMES` calls with n values each. An AVR's clock is read after each, for it has but 16 bits. */
static uint32_t cost(size_t n)
{
    uint32_t total = 0, mixed = 1, time, i;
    start_clock();
    for (time = 0; time < TIMES; time++) {
        for (i = 0; i < AT_ONCE; i++) {
            mixed = (mixed * 1664525u) + 1013904223u;
            x[i] = (INPUT)(mixed >> INPUT_SHIFT);
        }
#ifdef __AVR__
        start_clock();
        APPLY(x, y, n);
        total += clock_now();
#else
        APPLY(x, y, n);
#endif
    }
    return (total == 0u) ? clock_now() : total;
}

int main(void)
{
    /* What the call and the clock cost is taken away. */
    const uint32_t all = cost(AT_ONCE), few = cost(0);
    const int fault = SELF_TEST();
    say("fault ");
    say_number((uint32_t)fault);
    say(" hundredths ");
    say_number(((all - few) * 100u) / (AT_ONCE * TIMES));
    say("\n");
    stop(fault);
    return fault;
}
