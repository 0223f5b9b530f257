// Sums and values of real orthonormal spherical harmonics over many points of the unit sphere.
//
// Y_lm = Q_lm(z) Re or Im (x + i y)^m, Q_lm a polynomial from the usual three-term recurrence (with the Condon-Shortley sign): no
// angle, no square root per point. Points are taken 64 at a time; sums run over eight fixed lanes that are added once at the end, so
// the width of a vector changes no bit. Cost: (l, m) pairs x (3 + 4 columns) operations per point, 5 ns per point at degree 15.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr int BLOCK = 64, LANES = 8;

namespace {

struct Block {
    double x[BLOCK], y[BLOCK], z[BLOCK];
    double re[BLOCK], im[BLOCK];        // (x + i y)^m
    double q[BLOCK], before[BLOCK];     // Q_lm, Q_l-1,m

    void load(const double* points, int64_t count) {
        for (int t = 0; t < BLOCK; ++t) {
            const bool is = t < count;
            x[t] = is ? points[3 * t] : 0;
            y[t] = is ? points[3 * t + 1] : 0;
            z[t] = is ? points[3 * t + 2] : 0;
            re[t] = 1;
            im[t] = 0;
        }
    }

    void next_power() {
        for (int t = 0; t < BLOCK; ++t) {
            const double r = re[t] * x[t] - im[t] * y[t];
            im[t] = re[t] * y[t] + im[t] * x[t];
            re[t] = r;
        }
    }

    void start(double diagonal) {
        for (int t = 0; t < BLOCK; ++t) {
            q[t] = diagonal;
            before[t] = 0;
        }
    }

    void next_degree(double a, double b) {
        for (int t = 0; t < BLOCK; ++t) {
            const double value = a * z[t] * q[t] - b * before[t];
            before[t] = q[t];
            q[t] = value;
        }
    }
};

}  // namespace

// recurrence: for m = 0 .. L the value of Q_mm (times sqrt 2 for m > 0), then for l = m + 1 .. L the pair a, b of
// Q_lm = a z Q_l-1,m - b Q_l-2,m.  values: (n, columns), columns <= 3.  lanes: ((L + 1)^2, columns, 8) scratch, zero at the start.
// sums: ((L + 1)^2, columns), row l l + l + m; negative m are the sines.
void harmonic_sums(const HarmonicPoints& points, const double* recurrence, const double* values, double* lanes, double* sums) {
    const int64_t L = points.degree, columns = points.columns;
    Block block;
    double of[3][BLOCK], with_re[3][BLOCK], with_im[3][BLOCK];
    for (int64_t start = 0; start < points.n; start += BLOCK) {
        const int64_t count = points.n - start < BLOCK ? points.n - start : BLOCK;
        block.load(points.xyz + 3 * start, count);
        for (int64_t c = 0; c < columns; ++c) {
            for (int64_t t = 0; t < BLOCK; ++t) of[c][t] = t < count ? values[(start + t) * columns + c] : 0;
        }
        const double* step = recurrence;
        for (int64_t m = 0; m <= L; ++m) {
            if (m > 0) block.next_power();
            for (int64_t c = 0; c < columns; ++c) {
                for (int t = 0; t < BLOCK; ++t) {
                    with_re[c][t] = of[c][t] * block.re[t];
                    with_im[c][t] = of[c][t] * block.im[t];
                }
            }
            block.start(*step++);
            for (int64_t l = m; l <= L; ++l) {
                if (l > m) {
                    block.next_degree(step[0], step[1]);
                    step += 2;
                }
                for (int64_t c = 0; c < columns; ++c) {
                    double* __restrict cosine = lanes + ((l * l + l + m) * columns + c) * LANES;
                    double* __restrict sine = lanes + ((l * l + l - m) * columns + c) * LANES;
                    double p[LANES] = {}, s[LANES] = {};
                    for (int g = 0; g < BLOCK; g += LANES) {
                        for (int t = 0; t < LANES; ++t) p[t] += block.q[g + t] * with_re[c][g + t];
                        for (int t = 0; t < LANES; ++t) s[t] += block.q[g + t] * with_im[c][g + t];
                    }
                    for (int t = 0; t < LANES; ++t) cosine[t] += p[t];
                    if (m > 0) {
                        for (int t = 0; t < LANES; ++t) sine[t] += s[t];
                    }
                }
            }
        }
    }
    for (int64_t row = 0; row < (L + 1) * (L + 1) * columns; ++row) {
        double sum = 0;
        for (int t = 0; t < LANES; ++t) sum += lanes[row * LANES + t];
        sums[row] = sum;
    }
}

// coefficients: ((L + 1)^2, columns). values: (n, columns), written.
void harmonic_values(const HarmonicPoints& points, const double* recurrence, const double* coefficients, double* values) {
    const int64_t L = points.degree, columns = points.columns;
    Block block;
    double total[3][BLOCK], cosine[3][BLOCK], sine[3][BLOCK];
    for (int64_t start = 0; start < points.n; start += BLOCK) {
        const int64_t count = points.n - start < BLOCK ? points.n - start : BLOCK;
        block.load(points.xyz + 3 * start, count);
        for (int64_t c = 0; c < columns; ++c) {
            for (int t = 0; t < BLOCK; ++t) total[c][t] = 0;
        }
        const double* step = recurrence;
        for (int64_t m = 0; m <= L; ++m) {
            if (m > 0) block.next_power();
            for (int64_t c = 0; c < columns; ++c) {
                for (int t = 0; t < BLOCK; ++t) cosine[c][t] = sine[c][t] = 0;
            }
            block.start(*step++);
            for (int64_t l = m; l <= L; ++l) {
                if (l > m) {
                    block.next_degree(step[0], step[1]);
                    step += 2;
                }
                for (int64_t c = 0; c < columns; ++c) {
                    const double p = coefficients[(l * l + l + m) * columns + c];
                    const double s = m > 0 ? coefficients[(l * l + l - m) * columns + c] : 0;
                    for (int t = 0; t < BLOCK; ++t) cosine[c][t] += p * block.q[t];
                    for (int t = 0; t < BLOCK; ++t) sine[c][t] += s * block.q[t];
                }
            }
            for (int64_t c = 0; c < columns; ++c) {
                for (int t = 0; t < BLOCK; ++t) total[c][t] += cosine[c][t] * block.re[t] + sine[c][t] * block.im[t];
            }
        }
        for (int64_t c = 0; c < columns; ++c) {
            for (int64_t t = 0; t < count; ++t) values[(start + t) * columns + c] = total[c][t];
        }
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
