/* What a measured program needs of its machine. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* Prints a line. */
void say(const char *text);
/* The clock, which counts instructions or cycles, from 0 on. */
void start_clock(void);
uint32_t clock_now(void);
/* Ends the program. */
void stop(int fault);

#endif
