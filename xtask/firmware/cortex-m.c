/* A Cortex-M under QEMU: where it starts, its clock, which counts 40 instructions a tick, and a way to speak. */
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

int main(void);

static void call(uintptr_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void say(const char *text)
{
    call(4, text);
}

#define SYSTICK ((volatile uint32_t *)0xe000e010u)

void start_clock(void)
{
    SYSTICK[1] = 0xffffffu;
    SYSTICK[2] = 0;
    SYSTICK[0] = 5;
}

uint32_t clock_now(void)
{
    return 40u * (0xffffffu - SYSTICK[2]);
}

void stop(int fault)
{
    const uintptr_t report[2] = { 0x20026, (uintptr_t)fault };
    call(0x20, report);
    for (;;) {
    }
}

static void reset(void)
{
    stop(main());
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = { 0x20400000u, (uintptr_t)reset };
