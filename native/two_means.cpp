// Two clusters of least squares (2-means) of a table, from many starts.
//
// A start is two cases; every other case joins the nearer one, and then cases change sides one at a time, in turn, as long as that
// lowers the sum of squares within the clusters. With two clusters this is the method of Hartigan & Wong (Applied Statistics 28 (1979)
// 100-108). Cost: one product of a case with a vector per case looked at, so passes x n x width multiplications per start; 100 cases and
// 100 features take about 40 us. The trick: columns are centred, so the sum s of one cluster is minus that of the other, the sum of
// squares between is |s|^2 (1 / n_0 + 1 / n_1), and what a move changes follows from the product of the case with s alone.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr int64_t LANES = TWO_MEANS_LANES;
static constexpr double LEAST_GAIN = 1e-12;  // of the total sum of squares; a smaller gain may be rounding, and could turn in circles

static double dot(const double* a, const double* b, int64_t width) {
    double lane[LANES] = {};
    for (int64_t start = 0; start < width; start += LANES) {
        for (int64_t k = 0; k < LANES; ++k) lane[k] += a[start + k] * b[start + k];
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static void add(double* sum, const double* row, double sign, int64_t width) {
    for (int64_t start = 0; start < width; start += LANES) {
        for (int64_t k = 0; k < LANES; ++k) sum[start + k] += sign * row[start + k];
    }
}

// Scaled, centred rows, padded with zeros to `width`.
static void prepare(const TwoMeansProblem& problem, int64_t width, double* rows, double* mean) {
    const int64_t n = problem.n_cases, d = problem.n_features;
    for (int64_t j = 0; j < width; ++j) mean[j] = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        const double* from = problem.values + i * d;
        double* to = rows + i * width;
        for (int64_t j = 0; j < d; ++j) to[j] = from[j] * problem.scale[j];
        for (int64_t j = d; j < width; ++j) to[j] = 0.0;
        add(mean, to, 1.0, width);
    }
    for (int64_t j = 0; j < width; ++j) mean[j] /= double(n);
    for (int64_t i = 0; i < n; ++i) add(rows + i * width, mean, -1.0, width);
}

namespace {

struct Sides {
    const double* rows;
    const double* norms;  // (n,) squared
    int64_t n, width;
    double total;   // sum of squares
    double* sum;    // (width,) of the cases on side 0
    uint8_t* side;  // (n,)
    int64_t n_0;

    double between(double squared_sum, int64_t count) const {
        return count == 0 || count == n ? 0.0 : squared_sum * double(n) / (double(count) * double(n - count));
    }
};

}  // namespace

static void sum_up(Sides& s) {
    for (int64_t j = 0; j < s.width; ++j) s.sum[j] = 0.0;
    s.n_0 = 0;
    for (int64_t i = 0; i < s.n; ++i) {
        if (s.side[i]) continue;
        add(s.sum, s.rows + i * s.width, 1.0, s.width);
        s.n_0 += 1;
    }
}

// Every case joins the nearer of two cases, the first if they are equally near.
static void begin(Sides& s, int64_t first, int64_t second) {
    for (int64_t j = 0; j < s.width; ++j) s.sum[j] = s.rows[first * s.width + j] - s.rows[second * s.width + j];
    const double middle = (s.norms[first] - s.norms[second]) / 2.0;
    for (int64_t i = 0; i < s.n; ++i) s.side[i] = uint8_t(dot(s.rows + i * s.width, s.sum, s.width) < middle);
    sum_up(s);
}

// Moves cases until none helps; returns the sum of squares between the sides.
static double improve(Sides& s) {
    double squared = dot(s.sum, s.sum, s.width), between = s.between(squared, s.n_0);
    for (int64_t i = 0, unmoved = 0; unmoved < s.n; i = i + 1 < s.n ? i + 1 : 0) {
        const double* row = s.rows + i * s.width;
        const double sign = s.side[i] ? 1.0 : -1.0;
        const int64_t count = s.n_0 + (s.side[i] ? 1 : -1);
        const double after = s.between(squared + sign * 2.0 * dot(row, s.sum, s.width) + s.norms[i], count);
        if (!(after > between + LEAST_GAIN * s.total)) {
            unmoved += 1;
            continue;
        }
        add(s.sum, row, sign, s.width);
        s.side[i] = uint8_t(!s.side[i]);
        s.n_0 = count;
        squared = dot(s.sum, s.sum, s.width);
        between = s.between(squared, count);
        unmoved = 0;
    }
    sum_up(s);  // without the rounding of the moves
    return s.between(dot(s.sum, s.sum, s.width), s.n_0);
}

double two_means(const TwoMeansProblem& problem, uint8_t* sides, double* workspace) {
    const int64_t n = problem.n_cases, width = two_means_width(problem.n_features);
    double* rows = workspace;
    double* norms = rows + n * width;
    Sides s{rows, norms, n, width, 0.0, norms + n, sides + n, 0};
    prepare(problem, width, rows, s.sum);
    for (int64_t i = 0; i < n; ++i) {
        norms[i] = dot(rows + i * width, rows + i * width, width);
        s.total += norms[i];
    }
    double best = -1.0;
    for (int64_t start = 0; start < problem.n_starts; ++start) {
        begin(s, problem.starts[2 * start], problem.starts[2 * start + 1]);
        const double between = improve(s);
        if (!(between > best)) continue;
        best = between;
        for (int64_t i = 0; i < n; ++i) sides[i] = s.side[i];
    }
    return s.total > 0.0 ? 1.0 - best / s.total : 1.0;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
