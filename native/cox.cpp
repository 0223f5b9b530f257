// Cox's partial likelihood at one coefficient vector: value, gradient and minus the Hessian, for Efron's or Breslow's ties and strata.
//
// Cases come sorted by stratum and, within it, by falling time, so a risk set is a running sum. No sum of squares is kept per risk set:
// the information is one weighted cross product over the cases minus that of the risk-set means. Cost: n (p^2 + O(p)) multiplications and
// n exponentials; 686 cases and 8 covariates take about 20 us. The trick: rows are padded with zeros to blocks of LANES columns, so every
// inner loop has a constant length that the compiler turns into vector code, and each sum keeps its order at every SIMD level.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr int64_t LANES = COX_LANES;
static constexpr int64_t TILE = 4;  // rows of the information matrix summed at once

static double dot(const double* a, const double* b, int64_t width) {
    double lane[LANES] = {};
    for (int64_t start = 0; start < width; start += LANES) {
        for (int64_t k = 0; k < LANES; ++k) lane[k] += a[start + k] * b[start + k];
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static void add_scaled(double* sum, double scale, const double* row, int64_t width) {
    for (int64_t start = 0; start < width; start += LANES) {
        for (int64_t k = 0; k < LANES; ++k) sum[start + k] += scale * row[start + k];
    }
}

// out (width, width) += sign * sum of scale_i row_i row_i'; a scale of nullptr is 1.
static void cross_product(const double* rows, const double* scale, int64_t n, int64_t width, double sign, double* out) {
    for (int64_t top = 0; top < width; top += TILE) {
        for (int64_t left = 0; left < width; left += LANES) {
            double tile[TILE][LANES] = {};
            for (int64_t i = 0; i < n; ++i) {
                const double* row = rows + i * width;
                for (int64_t j = 0; j < TILE; ++j) {
                    const double factor = scale ? scale[i] * row[top + j] : row[top + j];
                    for (int64_t k = 0; k < LANES; ++k) tile[j][k] += factor * row[left + k];
                }
            }
            for (int64_t j = 0; j < TILE; ++j) {
                for (int64_t k = 0; k < LANES; ++k) out[(top + j) * width + left + k] += sign * tile[j][k];
            }
        }
    }
}

void cox_likelihood(const CoxProblem& problem, const double* coefficients, double* result, double* workspace) {
    const int64_t n = problem.n_cases, width = problem.width;
    double* weight = workspace;             // (n) hazard ratio of each case
    double* hazard = weight + n;            // (n) its cumulative baseline hazard, in the end times its weight
    double* unfaced = hazard + n;           // (n) the part of it that tied failures take out of the risk set
    double* sums = unfaced + n;             // (width) of the weighted covariates at risk
    double* tied = sums + width;            // (width) of those that fail together
    double* means = tied + width;           // (n_events, width) of the risk set of each event
    double* score = result + 1;             // (width)
    double* information = score + width;    // (width, width)
    for (int64_t k = 0; k < 1 + width + width * width; ++k) result[k] = 0.0;

    double value = 0.0;
    int64_t n_means = 0;
    for (int64_t s = 0; s < problem.n_strata; ++s) {
        const int64_t first = problem.bounds[s], end = problem.bounds[s + 1];
        double largest = -__builtin_inf();
        for (int64_t i = first; i < end; ++i) {
            weight[i] = dot(problem.covariates + i * width, coefficients, width);
            largest = weight[i] > largest ? weight[i] : largest;
        }
        for (int64_t i = first; i < end; ++i) {
            weight[i] -= largest;
            if (problem.event[i]) value += weight[i];
            weight[i] = __builtin_exp(weight[i]);
            hazard[i] = 0.0;
        }
        for (int64_t k = 0; k < width; ++k) sums[k] = 0.0;
        double total = 0.0;
        for (int64_t i = first, next; i < end; i = next) {
            double tied_total = 0.0;
            int64_t deaths = 0;
            for (int64_t k = 0; k < width; ++k) tied[k] = 0.0;
            next = i;
            do {
                const double* row = problem.covariates + next * width;
                total += weight[next];
                add_scaled(sums, weight[next], row, width);
                if (problem.event[next]) {
                    deaths += 1;
                    tied_total += weight[next];
                    add_scaled(tied, weight[next], row, width);
                    for (int64_t k = 0; k < width; ++k) score[k] += row[k];
                }
                next += 1;
            } while (next < end && problem.time[next] == problem.time[i]);
            double removed_hazard = 0.0;
            for (int64_t d = 0; d < deaths; ++d) {
                const double removed = problem.efron ? double(d) / double(deaths) : 0.0;
                const double at_risk = total - removed * tied_total;
                double* mean = means + n_means * width;
                for (int64_t k = 0; k < width; ++k) mean[k] = (sums[k] - removed * tied[k]) / at_risk;
                for (int64_t k = 0; k < width; ++k) score[k] -= mean[k];
                value -= __builtin_log(at_risk);
                hazard[next - 1] += 1.0 / at_risk;
                removed_hazard += removed / at_risk;
                n_means += 1;
            }
            for (int64_t j = i; j < next; ++j) unfaced[j] = problem.event[j] ? removed_hazard : 0.0;
        }
        double running = 0.0;
        for (int64_t i = end - 1; i >= first; --i) {
            running += hazard[i];
            hazard[i] = weight[i] * (running - unfaced[i]);
        }
    }
    result[0] = value;
    cross_product(problem.covariates, hazard, n, width, 1.0, information);
    cross_product(means, nullptr, n_means, width, -1.0, information);
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
