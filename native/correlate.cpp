// Sums of weighted neighbours along one axis of a box.
//
// An output row is a sum of input rows, each times one weight, whichever the axis: along the rows themselves these are the same row, shifted
// by one value from weight to weight. Four registers of sums stay where they are while the weights go by, so that a value costs one load, one
// product and one addition. Cost: 0.1 to 0.2 ns per value and weight that is not 0.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

typedef double Values __attribute__((vector_size(64), aligned(8), may_alias));
constexpr int64_t LANES = 8;

template <int N> inline void sum_blocks(const double* from, int64_t step, const double* weights, int64_t n, double* to) {
    Values total[N] = {};
    for (int64_t t = 0; t < n; ++t) {
        if (weights[t] == 0) continue;  // most weights of a dilated wavelet
        for (int at = 0; at < N; ++at) total[at] += weights[t] * *reinterpret_cast<const Values*>(from + t * step + at * LANES);
    }
    for (int at = 0; at < N; ++at) *reinterpret_cast<Values*>(to + at * LANES) = total[at];
}

}  // namespace

void correlate(const CorrelateProblem& problem, double* out) {
    const int64_t n = problem.shape[2], step = problem.step;
    for (int64_t i = 0; i < problem.shape[0]; ++i)
        for (int64_t j = 0; j < problem.shape[1]; ++j) {
            const double* from = problem.values + i * problem.strides[0] + j * problem.strides[1];
            int64_t k = 0;
            for (; k + 4 * LANES <= n; k += 4 * LANES) sum_blocks<4>(from + k, step, problem.weights, problem.n_weights, out + k);
            for (; k + LANES <= n; k += LANES) sum_blocks<1>(from + k, step, problem.weights, problem.n_weights, out + k);
            for (; k < n; ++k) {
                double total = 0;
                for (int64_t t = 0; t < problem.n_weights; ++t)
                    if (problem.weights[t] != 0) total += problem.weights[t] * from[k + t * step];
                out[k] = total;
            }
            out += n;
        }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
