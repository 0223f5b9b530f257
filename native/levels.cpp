// Chooses the kernel table. RADIOTYPE_SIMD=base|avx2|avx512 forces a level; an unknown or unsupported one is an error, not a fallback.
#include "levels.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace radiotype {

static Kernels choose() {
    const char* forced = std::getenv("RADIOTYPE_SIMD");
    const std::string wanted = forced ? forced : "";
#ifdef RADIOTYPE_X86
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (has_avx512 && (wanted.empty() || wanted == "avx512")) return avx512::kernels();
    if (has_avx2 && (wanted.empty() || wanted == "avx2")) return avx2::kernels();
#endif
    if (wanted.empty() || wanted == "base") return base::kernels();
    throw std::runtime_error("RADIOTYPE_SIMD=" + wanted + " is not a level of this processor (base, avx2, avx512)");
}

const Kernels& active_kernels() {
    static const Kernels table = choose();
    return table;
}

}  // namespace radiotype
