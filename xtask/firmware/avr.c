/* An ATmega328P under simavr. Its clock counts cycles. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdint.h>

#include "machine.h"

void say(const char *text)
{
    UCSR0B = 1 << TXEN0;
    for (; *text != '\0'; text++) {
        while ((UCSR0A & (1 << UDRE0)) == 0) {
        }
        UDR0 = (uint8_t)*text;
    }
}

void start_clock(void)
{
    TCCR1A = 0;
    TCCR1B = 1 << CS10;
    TCNT1 = 0;
}

uint32_t clock_now(void)
{
    return TCNT1;
}

void stop(int fault)
{
    (void)fault;
    cli();
    sleep_enable();
    sleep_cpu();
    for (;;) {
    }
}
