/* Choose, once, the loops for the instructions that this processor and its system have. */
#include "kernels.h"

#include <stddef.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

extern const Kernels kernels_base;

#if defined(__x86_64__)
#include <cpuid.h>

extern const Kernels kernels_avx2;

/* 1 where AVX2 and FMA are there and the system saves their registers, else 0. */
static int highest(void)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (!(c & (1u << 27)) || !(c & (1u << 28)) || !(c & (1u << 12))) return 0; /* OSXSAVE AVX FMA */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0x6u) != 0x6u) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    return (b & (1u << 5)) != 0;
}

static const Kernels *find(int level)
{
    const Kernels *all[] = {&kernels_base, &kernels_avx2};
    return level >= 0 && level <= highest() ? all[level] : NULL;
}
#else
static const Kernels *find(int level) { return level == 0 ? &kernels_base : NULL; }
#endif

/* The loops of a level (0: any processor; 1: AVX2 and FMA), or NULL where it is not there. */
EXPORT const Kernels *coalition_kernels(int level);
EXPORT const Kernels *coalition_kernels(int level) { return find(level); }

/* Checksum of the sources that this library was built from. */
EXPORT const char *coalition_sources(void);
EXPORT const char *coalition_sources(void) { return SOURCES; }
