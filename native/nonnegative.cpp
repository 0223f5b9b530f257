// Least squares without negative coefficients, of one matrix and many right-hand sides.
//
// Columns are scaled to length one; what follows works on their products. Columns change sides, all that are wrong at once, until none
// is (block principal pivoting: Judice & Pires, Computers & Operations Research 21 (1994) 587-596); where that goes in circles, the
// active set of Lawson & Hanson (Solving Least Squares Problems, 1974, chapter 23) takes over. A solution is refined once with the
// residual itself, so that products cost no accuracy. Cost: a product of the row with each column and two or three small triangular
// solutions, 0.2 us for five columns of ten numbers. The trick: rows share few sets of columns, whose factors are kept.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr int64_t LANES = CORNER_LANES;
static constexpr double DEPENDENT = 1e-14;  // of a column's squared length; less is left when it follows from the others

static double dot(const double* a, const double* b, int64_t width) {
    double lane[LANES] = {};
    for (int64_t start = 0; start < width; start += LANES) {
        for (int64_t k = 0; k < LANES; ++k) lane[k] += a[start + k] * b[start + k];
    }
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

namespace {

struct System {
    const double* columns;  // (k, width) of length one
    int64_t k, width;
    double* gram;      // (k, k)
    double* kept;      // (2^k, k, k) factors of the products of sets of columns, or none for many columns
    int64_t* known;    // (2^k,) 0: not yet, 1: the factor is there, 2: the columns are dependent
    double* factor;    // (k, k) of the products of the columns in use
    double* products;  // (k,) with the row
    double* x;         // (k,)
    double* wanted;    // (k,) of the columns in use
    double* rest;      // (width,)
    int64_t* used;     // (k,) columns in use, in the order in which they came
    int64_t* banned;   // (k,) columns that follow from those in use
    int64_t n_used;
};

}  // namespace

// One more row of a Cholesky factor; false if its column follows from the others.
static bool extend(const System& s, double* factor, const int64_t* used, int64_t at) {
    double* row = factor + at * s.k;
    const double* products = s.gram + used[at] * s.k;
    double left = products[used[at]];
    for (int64_t j = 0; j < at; ++j) {
        const double* other = factor + j * s.k;
        double sum = products[used[j]];
        for (int64_t l = 0; l < j; ++l) sum -= row[l] * other[l];
        row[j] = sum / other[j];
        left -= row[j] * row[j];
    }
    if (!(left > DEPENDENT)) return false;
    row[at] = __builtin_sqrt(left);
    return true;
}

// Solves in place.
static void solve(const double* factor, int64_t k, int64_t n, double* b) {
    for (int64_t i = 0; i < n; ++i) {
        double value = b[i];
        for (int64_t j = 0; j < i; ++j) value -= factor[i * k + j] * b[j];
        b[i] = value / factor[i * k + i];
    }
    for (int64_t i = n - 1; i >= 0; --i) {
        double value = b[i];
        for (int64_t j = i + 1; j < n; ++j) value -= factor[j * k + i] * b[j];
        b[i] = value / factor[i * k + i];
    }
}

static void residual(System& s, const double* row) {
    for (int64_t j = 0; j < s.width; ++j) s.rest[j] = row[j];
    for (int64_t i = 0; i < s.k; ++i) {
        if (s.x[i] == 0.0) continue;
        const double* column = s.columns + i * s.width;
        for (int64_t j = 0; j < s.width; ++j) s.rest[j] -= s.x[i] * column[j];
    }
}

// The solution with the columns in use, refined once.
static void refine(System& s, const double* factor, const double* row) {
    residual(s, row);
    for (int64_t i = 0; i < s.n_used; ++i) s.wanted[i] = dot(s.columns + s.used[i] * s.width, s.rest, s.width);
    solve(factor, s.k, s.n_used, s.wanted);
    for (int64_t i = 0; i < s.n_used; ++i) {
        const double value = s.x[s.used[i]] + s.wanted[i];
        s.x[s.used[i]] = value > 0.0 ? value : 0.0;
    }
    residual(s, row);
}

// The factor of a set of columns, which are put into `used`; none if they are dependent.
static const double* factor_of(System& s, uint64_t set) {
    s.n_used = 0;
    for (int64_t i = 0; i < s.k; ++i) {
        if (set >> i & 1) s.used[s.n_used++] = i;
    }
    double* const factor = s.kept ? s.kept + int64_t(set) * s.k * s.k : s.factor;
    if (s.kept && s.known[set]) return s.known[set] == 1 ? factor : nullptr;
    bool independent = true;
    for (int64_t i = 0; i < s.n_used && independent; ++i) independent = extend(s, factor, s.used, i);
    if (s.kept) s.known[set] = independent ? 1 : 2;
    return independent ? factor : nullptr;
}

// The columns that are on the wrong side: in use and negative, or not in use though they would lower the sum of squares.
static uint64_t wrong(System& s, const double* factor, uint64_t set, double least) {
    for (int64_t i = 0; i < s.n_used; ++i) s.wanted[i] = s.products[s.used[i]];
    solve(factor, s.k, s.n_used, s.wanted);
    for (int64_t i = 0; i < s.k; ++i) s.x[i] = 0.0;
    uint64_t found = 0;
    for (int64_t i = 0; i < s.n_used; ++i) {
        s.x[s.used[i]] = s.wanted[i];
        if (s.wanted[i] < 0.0) found |= uint64_t(1) << s.used[i];
    }
    for (int64_t i = 0; i < s.k; ++i) {
        if (set >> i & 1) continue;
        double slope = s.products[i];
        for (int64_t j = 0; j < s.n_used; ++j) slope -= s.gram[i * s.k + s.used[j]] * s.wanted[j];
        if (slope > least) found |= uint64_t(1) << i;
    }
    return found;
}

// The factor of the solution's columns; none if it was not found.
static const double* pivot(System& s, double length) {
    if (s.k > 63) return nullptr;
    uint64_t set = (uint64_t(1) << s.k) - 1;
    int64_t fewest = s.k + 1, patience = 3;
    for (int64_t round = 0; round < 3 * s.k + 3; ++round) {
        const double* factor = factor_of(s, set);
        if (!factor) return nullptr;
        const uint64_t change = wrong(s, factor, set, 1e-14 * length);
        if (!change) return factor;
        const int64_t n = __builtin_popcountll(change);
        if (n < fewest) {
            fewest = n;
            patience = 3;
        } else if (patience == 0) {
            return nullptr;
        } else {
            patience -= 1;
        }
        set ^= change;
    }
    return nullptr;
}

static void drop(System& s, int64_t place) {
    s.x[s.used[place]] = 0.0;
    for (int64_t i = place; i + 1 < s.n_used; ++i) s.used[i] = s.used[i + 1];
    s.n_used -= 1;
    for (int64_t i = place; i < s.n_used; ++i) extend(s, s.factor, s.used, i);
}

// The column that lowers the sum of squares most steeply, or -1.
static int64_t steepest(const System& s, double least) {
    int64_t joins = -1;
    for (int64_t i = 0; i < s.k; ++i) {
        if (s.banned[i]) continue;
        bool in_use = false;
        for (int64_t j = 0; j < s.n_used; ++j) in_use = in_use || s.used[j] == i;
        if (in_use) continue;
        const double slope = dot(s.columns + i * s.width, s.rest, s.width);
        if (slope > least) {
            least = slope;
            joins = i;
        }
    }
    return joins;
}

static void active_set(System& s, const double* row, double length) {
    for (int64_t i = 0; i < s.k; ++i) {
        s.x[i] = 0.0;
        s.banned[i] = 0;
    }
    s.n_used = 0;
    residual(s, row);
    for (int64_t round = 0; round < 10 + 5 * s.k; ++round) {
        const int64_t joins = steepest(s, 1e-14 * length);
        if (joins < 0) break;
        s.used[s.n_used] = joins;
        if (!extend(s, s.factor, s.used, s.n_used)) {
            s.banned[joins] = 1;
            continue;
        }
        s.n_used += 1;
        for (;;) {
            for (int64_t i = 0; i < s.n_used; ++i) s.wanted[i] = s.products[s.used[i]];
            solve(s.factor, s.k, s.n_used, s.wanted);
            double step = 1.0;
            int64_t blocking = -1;
            for (int64_t i = 0; i < s.n_used; ++i) {
                if (s.wanted[i] > 0.0) continue;
                const double x = s.x[s.used[i]];
                const double share = x == s.wanted[i] ? 0.0 : x / (x - s.wanted[i]);
                if (blocking < 0 || share < step) {
                    step = share;
                    blocking = i;
                }
            }
            for (int64_t i = 0; i < s.n_used; ++i) {
                const double x = s.x[s.used[i]];
                s.x[s.used[i]] = blocking < 0 ? s.wanted[i] : x + step * (s.wanted[i] - x);
            }
            if (blocking < 0) break;
            drop(s, blocking);
            if (s.n_used == 0) break;
        }
        refine(s, s.factor, row);
        bool gone = true;  // a column that left as soon as it came would come again
        for (int64_t i = 0; i < s.n_used; ++i) gone = gone && s.used[i] != joins;
        for (int64_t i = 0; i < s.k && !gone; ++i) s.banned[i] = 0;
        if (gone) s.banned[joins] = 1;
    }
}

// Squared length of what the products say is left of a row.
static double left_by_products(const System& s, double squared_length) {
    double explained = 0.0;
    for (int64_t i = 0; i < s.k; ++i) explained += s.x[i] * s.products[i];
    const double left = squared_length - explained;
    return left > 0.0 ? left : 0.0;
}

int64_t nonnegative(const NonnegativeProblem& problem, double limit, double* solution, double* errors, double* workspace, int64_t* whole) {
    const int64_t k = problem.k, width = problem.width, n_sets = nonnegative_sets(k);
    double* const columns = workspace;
    double* const lengths = columns + k * width;
    System s;
    s.columns = columns;
    s.k = k;
    s.width = width;
    s.gram = lengths + k;
    s.factor = s.gram + k * k;
    s.products = s.factor + k * k;
    s.x = s.products + k;
    s.wanted = s.x + k;
    s.rest = s.wanted + k;
    s.kept = n_sets ? s.rest + width : nullptr;
    s.used = whole;
    s.banned = whole + k;
    s.known = whole + 2 * k;
    s.n_used = 0;
    for (int64_t i = 0; i < n_sets; ++i) s.known[i] = 0;
    for (int64_t i = 0; i < k; ++i) {
        const double* from = problem.columns + i * width;
        lengths[i] = __builtin_sqrt(dot(from, from, width));
        const double scale = lengths[i] > 0.0 ? 1.0 / lengths[i] : 0.0;
        for (int64_t j = 0; j < width; ++j) columns[i * width + j] = from[j] * scale;
    }
    for (int64_t i = 0; i < k; ++i) {
        for (int64_t j = 0; j < k; ++j) s.gram[i * k + j] = dot(columns + i * width, columns + j * width, width);
    }
    double sum = 0.0;
    for (int64_t at = 0; at < problem.n; ++at) {
        const double* row = problem.rows + at * width;
        const double squared_length = dot(row, row, width), length = __builtin_sqrt(squared_length);
        for (int64_t i = 0; i < k; ++i) s.products[i] = dot(columns + i * width, row, width);
        const double* factor = pivot(s, length);
        if (!factor) {
            active_set(s, row, length);
        } else if (solution) {
            refine(s, factor, row);
        }
        errors[at] = factor && !solution ? left_by_products(s, squared_length) : dot(s.rest, s.rest, width);
        sum += errors[at];
        if (sum > limit) return at + 1;
        if (!solution) continue;
        for (int64_t i = 0; i < k; ++i) solution[at * k + i] = lengths[i] > 0.0 ? s.x[i] / lengths[i] : 0.0;
    }
    return problem.n;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
