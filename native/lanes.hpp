// Vectors of doubles as wide as a register of the level. Wider ones are taken apart by the compiler, comparisons lane by lane.
// What a sum comes to depends on the number of its parts: one that is to be the same at every level has eight, in as many registers as
// they need.
#pragma once
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

#if defined(__AVX512F__)
constexpr int64_t WIDTH = 8;  // doubles in a register
#elif defined(__AVX2__)
constexpr int64_t WIDTH = 4;
#else
constexpr int64_t WIDTH = 2;
#endif

typedef double Pack __attribute__((vector_size(WIDTH * 8), aligned(8), may_alias));
typedef int64_t PackFlags __attribute__((vector_size(WIDTH * 8)));
typedef int32_t PackWhole __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef uint16_t PackWords __attribute__((vector_size(WIDTH * 2), aligned(2), may_alias));
typedef uint8_t PackBytes __attribute__((vector_size(WIDTH), aligned(1), may_alias));

inline Pack pack(const double* from) { return *reinterpret_cast<const Pack*>(from); }
inline Pack all(double value) { return Pack{} + value; }
inline bool any(const PackBytes& bytes) {
    uint64_t joined = 0;
    __builtin_memcpy(&joined, &bytes, sizeof bytes);
    return joined != 0;
}

}  // namespace
}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
