// Counts, over many resamples, how often two cases got the same label.
//
// For one case the labels of all cases are compared with its own, resample after resample, into a row of bytes; the row is added
// to the 32-bit counts once at the end. Cost: one byte compared and added per pair and resample, 16 to 64 of them per instruction.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

// labels: (n_resamples, n_cases), at most 255 resamples so that a byte holds the count; 255 marks a case that was not drawn.
// row: n_cases bytes of scratch. counts: (n_cases, n_cases), added to.
void cocluster(const uint8_t* labels, int64_t n_resamples, int64_t n_cases, uint8_t* __restrict row, int32_t* counts) {
    for (int64_t i = 0; i < n_cases; ++i) {
        for (int64_t j = 0; j < n_cases; ++j) row[j] = 0;
        for (int64_t r = 0; r < n_resamples; ++r) {
            const uint8_t* of = labels + r * n_cases;
            const uint8_t own = of[i];
            if (own == 255) continue;
            for (int64_t j = 0; j < n_cases; ++j) row[j] = uint8_t(row[j] + uint8_t(of[j] == own));
        }
        int32_t* __restrict total = counts + i * n_cases;
        for (int64_t j = 0; j < n_cases; ++j) total[j] += row[j];
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
