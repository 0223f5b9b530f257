// Partitioning around medoids (Kaufman & Rousseeuw 1990): BUILD, then best-improvement SWAP, for several k at once.
//
// Exact, though most of the work is done in single precision. BUILD adds one medoid at a time, so the first k medoids of one BUILD are
// the start of every k. When a candidate h replaces the medoid of cluster m, the objective becomes the sum over the cases j of that
// cluster of min(d(h, j), second(j)), and over the others of min(d(h, j), first(j)), where first and second are the distances to the two
// nearest medoids. So one pass over the distances, cluster by cluster, gives two sums per candidate and cluster, from which all swaps
// follow (the idea of FastPAM1, Schubert & Rousseeuw 2019). Their rounding is bounded: every swap that could be the best within that
// bound is added up again in double precision, term by term in the order of R's cluster::pam, and that decides.
//
// Ties as in R: BUILD takes the last of equal candidates, SWAP the first (candidate, then medoid, by position).
// Every sum runs over the cases in a fixed order while the candidates sit in the lanes, so the width of a vector changes no bit.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr double EPSILON = 2.220446049250313e-16;
static constexpr int64_t ROWS = 8;  // cases added up before they are added to a sum in double precision

namespace {

template <typename Real>
struct Subset {
    const PamProblem& problem;
    int64_t n;         // cases
    int64_t stride;    // of a row of `narrow`
    double beyond;     // larger than every distance
    double* first;     // (n,) distance to the nearest medoid
    double* second;    // (n,) distance to the second nearest medoid
    double* with_first;    // (largest k, n) by cluster and candidate: sums over its cases of min(d, first)
    double* with_second;   // the same of min(d, second)
    double* all_first;     // (n,) sum of the former over the clusters
    double* medoids;   // (largest k,) positions, ascending
    int32_t* index;    // (n,) the cases in the whole matrix
    int32_t* slot;     // (n,) which of the sorted medoids is the nearest
    int32_t* ordered;  // (n,) cases by slot
    int32_t* is_medoid;    // (n,) 0 or 1
    Real* narrow;      // (n, stride) the distances of the subset

    const Real* row(int64_t j) const { return narrow + j * stride; }
    double exact(int64_t i, int64_t j) const { return problem.distances[int64_t(index[i]) * problem.n_cases + index[j]]; }
};

inline double smaller(double a, double b) { return a < b ? a : b; }
inline double larger(double a, double b) { return a > b ? a : b; }

// How far a sum of positive terms may lie from the true one, as a part of it: rounding of the terms, and of adding ROWS of them.
template <typename Real>
constexpr double relative_error() {
    return sizeof(Real) == 4 ? (ROWS + 2) * 5.97e-8 : (ROWS + 2) * EPSILON;
}

}  // namespace

// Adds to `sum` and `second_sum`, over the given rows, what is smaller: the distance or the row's limit.
template <typename Real, int64_t N>
static void add_rows(const Real* const* rows, const Real* limit, int64_t n, double* __restrict sum) {
    for (int64_t h = 0; h < n; ++h) {
        Real part = 0;
        for (int64_t r = 0; r < N; ++r) {
            const Real value = rows[r][h];
            part += value < limit[r] ? value : limit[r];
        }
        sum[h] += double(part);
    }
}

template <typename Real, int64_t N>
static void add_rows_twice(const Real* const* rows, const Real* first, const Real* second, int64_t n, double* __restrict sum,
                           double* __restrict second_sum) {
    for (int64_t h = 0; h < n; ++h) {
        Real part = 0, second_part = 0;
        for (int64_t r = 0; r < N; ++r) {
            const Real value = rows[r][h];
            part += value < first[r] ? value : first[r];
            second_part += value < second[r] ? value : second[r];
        }
        sum[h] += double(part);
        second_sum[h] += double(second_part);
    }
}

// What BUILD gains by a medoid, added up in R's order.
template <typename Real>
static double exact_gain(const Subset<Real>& s, int64_t candidate) {
    double gain = 0;
    for (int64_t j = 0; j < s.n; ++j) gain += larger(s.first[j] - s.exact(candidate, j), 0.0);
    return gain;
}

// Writes the largest_k medoids in the order in which they were found, and the sum of the distances after each of them.
template <typename Real>
static void build(Subset<Real>& s, int64_t largest_k, double* found, double* objective) {
    const int64_t n = s.n;
    double* __restrict cost = s.all_first;
    for (int64_t j = 0; j < n; ++j) {
        s.first[j] = s.beyond;
        s.is_medoid[j] = 0;
    }
    for (int64_t step = 0; step < largest_k; ++step) {
        for (int64_t i = 0; i < n; ++i) cost[i] = 0;
        for (int64_t j = 0; j < n; j += ROWS) {
            const int64_t count = n - j < ROWS ? n - j : ROWS;
            const Real* rows[ROWS];
            Real limit[ROWS];
            for (int64_t r = 0; r < count; ++r) {
                rows[r] = s.row(j + r);
                limit[r] = Real(s.first[j + r]);
            }
            if (count == ROWS) {
                add_rows<Real, ROWS>(rows, limit, n, cost);
            } else {
                for (int64_t r = 0; r < count; ++r) add_rows<Real, 1>(rows + r, limit + r, n, cost);
            }
        }
        double least = 1e300;
        for (int64_t i = 0; i < n; ++i) {
            if (!s.is_medoid[i] && cost[i] < least) least = cost[i];
        }
        // R subtracts from `beyond` what is added here, so its own rounding is that of sums of that size.
        const double close = least * (1 + 2.1 * relative_error<Real>()) + 4 * double(n) * EPSILON * s.beyond * double(n);
        int64_t best = -1;
        double most = 0;
        for (int64_t i = 0; i < n; ++i) {
            if (s.is_medoid[i] || cost[i] > close) continue;
            const double gain = exact_gain(s, i);
            if (best < 0 || most <= gain) {
                most = gain;
                best = i;
            }
        }
        for (int64_t i = 0; best < 0; ++i) best = s.is_medoid[i] ? -1 : i;  // sums that are no numbers any more
        s.is_medoid[best] = 1;
        found[step] = double(best);
        double sum = 0;
        for (int64_t j = 0; j < n; ++j) {
            s.first[j] = smaller(s.first[j], s.exact(best, j));
            sum += s.first[j];
        }
        objective[step] = sum;
    }
}

// The two nearest medoids of every case, and the cases in the order of the nearest.
template <typename Real>
static void find_two_nearest(Subset<Real>& s, int64_t k, int64_t* begin) {
    for (int64_t j = 0; j < s.n; ++j) {
        s.first[j] = s.second[j] = s.beyond;
        s.slot[j] = 0;
    }
    for (int64_t m = 0; m < k; ++m) {
        const int64_t medoid = int64_t(s.medoids[m]);
        for (int64_t j = 0; j < s.n; ++j) {
            const double value = s.exact(medoid, j);
            if (value < s.first[j]) {
                s.second[j] = s.first[j];
                s.first[j] = value;
                s.slot[j] = int32_t(m);
            } else if (value < s.second[j]) {
                s.second[j] = value;
            }
        }
    }
    for (int64_t m = 0; m <= k; ++m) begin[m] = 0;
    for (int64_t j = 0; j < s.n; ++j) ++begin[s.slot[j] + 1];
    for (int64_t m = 0; m < k; ++m) begin[m + 1] += begin[m];
    for (int64_t j = 0; j < s.n; ++j) s.ordered[begin[s.slot[j]]++] = int32_t(j);
    for (int64_t m = k; m > 0; --m) begin[m] = begin[m - 1];
    begin[0] = 0;
}

// The change of the objective when `candidate` replaces `medoid`, added up over the cases in R's order.
template <typename Real>
static double swap_change(const Subset<Real>& s, int64_t candidate, int64_t medoid) {
    const double* in = s.problem.distances + int64_t(s.index[candidate]) * s.problem.n_cases;
    const double* out = s.problem.distances + int64_t(s.index[medoid]) * s.problem.n_cases;
    double change = 0;
    for (int64_t j = 0; j < s.n; ++j) {
        const double value = in[s.index[j]];
        if (out[s.index[j]] == s.first[j]) {
            change += smaller(s.second[j], value) - s.first[j];
        } else if (value < s.first[j]) {
            change += value - s.first[j];
        }
    }
    return change;
}

// Finds the best swap; returns its change of the objective and sets the candidate and the slot of the medoid that leaves.
template <typename Real>
static double best_swap(Subset<Real>& s, int64_t k, const int64_t* begin, int64_t* candidate, int64_t* slot) {
    const int64_t n = s.n;
    for (int64_t h = 0; h < k * n; ++h) s.with_first[h] = s.with_second[h] = 0;
    for (int64_t m = 0; m < k; ++m) {
        double* with_first = s.with_first + m * n;
        double* with_second = s.with_second + m * n;
        for (int64_t at = begin[m]; at < begin[m + 1]; at += ROWS) {
            const int64_t count = begin[m + 1] - at < ROWS ? begin[m + 1] - at : ROWS;
            const Real* rows[ROWS];
            Real first[ROWS], second[ROWS];
            for (int64_t r = 0; r < count; ++r) {
                const int64_t j = s.ordered[at + r];
                rows[r] = s.row(j);
                first[r] = Real(s.first[j]);
                second[r] = Real(s.second[j]);
            }
            if (count == ROWS) {
                add_rows_twice<Real, ROWS>(rows, first, second, n, with_first, with_second);
            } else {
                for (int64_t r = 0; r < count; ++r) {
                    add_rows_twice<Real, 1>(rows + r, first + r, second + r, n, with_first, with_second);
                }
            }
        }
    }
    double* __restrict all_first = s.all_first;
    for (int64_t h = 0; h < n; ++h) all_first[h] = 0;
    for (int64_t m = 0; m < k; ++m) {
        const double* __restrict with_first = s.with_first + m * n;
        for (int64_t h = 0; h < n; ++h) all_first[h] += with_first[h];
    }
    double now = 0, magnitude = 0;
    for (int64_t j = 0; j < n; ++j) {
        now += s.first[j];
        magnitude += s.second[j] + s.first[j];
    }
    double best = 1e300;
    for (int64_t m = 0; m < k; ++m) {
        const double* with_first = s.with_first + m * n;
        const double* with_second = s.with_second + m * n;
        for (int64_t h = 0; h < n; ++h) {
            const double objective = all_first[h] + (with_second[h] - with_first[h]);
            if (!s.is_medoid[h] && objective < best) best = objective;
        }
    }
    const double error = magnitude * (relative_error<Real>() + 8 * double(n) * EPSILON);
    *candidate = *slot = -1;
    if (best - now > error) return 1;  // none lowers the objective
    const double close = best + 2 * error;
    double exact_best = 1;
    for (int64_t h = 0; h < n; ++h) {
        if (s.is_medoid[h]) continue;
        for (int64_t m = 0; m < k; ++m) {
            if (all_first[h] + (s.with_second[m * n + h] - s.with_first[m * n + h]) > close) continue;
            const double change = swap_change(s, h, int64_t(s.medoids[m]));
            if (change < exact_best) {
                exact_best = change;
                *candidate = h;
                *slot = m;
            }
        }
    }
    return exact_best;
}

static void insert_sorted(double* medoids, int64_t count, double value) {
    int64_t at = count;
    while (at > 0 && medoids[at - 1] > value) {
        medoids[at] = medoids[at - 1];
        --at;
    }
    medoids[at] = value;
}

// Swaps until no swap lowers the objective by more than rounding; returns the objective.
template <typename Real>
static double swap(Subset<Real>& s, int64_t k, double objective, int64_t* begin) {
    for (;;) {
        find_two_nearest(s, k, begin);
        int64_t candidate, slot;
        const double change = best_swap(s, k, begin, &candidate, &slot);
        // Sums that are no numbers any more would go on for ever.
        if (candidate < 0 || !(change < -16 * EPSILON * objective) || !(objective + change > -1e300)) return objective;
        s.is_medoid[int64_t(s.medoids[slot])] = 0;
        s.is_medoid[candidate] = 1;
        for (int64_t m = slot; m + 1 < k; ++m) s.medoids[m] = s.medoids[m + 1];
        insert_sorted(s.medoids, k - 1, double(candidate));
        objective += change;
    }
}

// Each case goes to its nearest medoid (the first of equal ones), a medoid to itself; labels are numbered by first appearance.
template <typename Real>
static void assign(const Subset<Real>& s, int64_t k, int64_t* label_of_slot, int64_t* medoids, int32_t* labels) {
    for (int64_t m = 0; m < k; ++m) label_of_slot[m] = -1;
    int64_t next = 0;
    for (int64_t j = 0; j < s.n; ++j) {
        int64_t slot = 0;
        double least = s.beyond;
        for (int64_t m = 0; m < k; ++m) {
            const int64_t at = int64_t(s.medoids[m]);
            const double value = at == j ? -1.0 : s.exact(at, j);
            if (value < least) {
                least = value;
                slot = m;
            }
        }
        if (label_of_slot[slot] < 0) {
            medoids[next] = int64_t(s.medoids[slot]);
            label_of_slot[slot] = next++;
        }
        labels[j] = int32_t(label_of_slot[slot]);
    }
}

template <typename Real>
static void partition(const PamProblem& problem, const Real* from, const PamResult& result, double* workspace) {
    const int64_t n = problem.n_items, largest_k = problem.k[problem.n_k - 1], stride = pam_stride(n);
    double* rest = workspace;
    const auto take = [&rest](int64_t count) {
        double* start = rest;
        rest += count;
        return start;
    };
    const auto take_integers = [&take](int64_t count) { return reinterpret_cast<int32_t*>(take((count + 1) / 2)); };
    Subset<Real> s{problem,
                   n,
                   stride,
                   0.0,
                   take(n),
                   take(n),
                   take(largest_k * n),
                   take(largest_k * n),
                   take(n),
                   take(largest_k),
                   take_integers(n),
                   take_integers(n),
                   take_integers(n),
                   take_integers(n),
                   nullptr};
    double* found = take(largest_k);
    double* after_build = take(largest_k);
    int64_t* begin = reinterpret_cast<int64_t*>(take(largest_k + 1));
    s.narrow = reinterpret_cast<Real*>(take(n * stride));

    for (int64_t i = 0; i < n; ++i) s.index[i] = int32_t(problem.items[i]);
    double largest = 0;
    for (int64_t i = 0; i < n; ++i) {
        const Real* __restrict row = from + int64_t(s.index[i]) * problem.n_cases;
        Real* __restrict to = s.narrow + i * stride;
        Real most = 0;
        for (int64_t j = 0; j < n; ++j) to[j] = row[s.index[j]];
        for (int64_t j = 0; j < n; ++j) most = most < to[j] ? to[j] : most;
        s.first[i] = double(most);
        largest = larger(largest, s.first[i]);
    }
    double most = 0;  // the largest distance to the last bit: R's ties depend on it
    for (int64_t i = 0; i < n; ++i) {
        if (s.first[i] < largest) continue;
        for (int64_t j = 0; j < n; ++j) most = larger(most, s.exact(i, j));
    }
    s.beyond = most * 1.1 + 1;
    build(s, largest_k, found, after_build);
    for (int64_t q = 0; q < problem.n_k; ++q) {
        const int64_t k = problem.k[q];
        for (int64_t j = 0; j < n; ++j) s.is_medoid[j] = 0;
        for (int64_t m = 0; m < k; ++m) {
            s.is_medoid[int64_t(found[m])] = 1;
            insert_sorted(s.medoids, m, found[m]);
        }
        const double objective = k > 1 ? swap(s, k, after_build[k - 1], begin) : after_build[0];
        result.objective[2 * q] = after_build[k - 1] / double(n);
        result.objective[2 * q + 1] = objective / double(n);
        int64_t* medoids = result.medoids + q * largest_k;
        for (int64_t m = 0; m < largest_k; ++m) medoids[m] = -1;
        assign(s, k, begin, medoids, result.labels + q * n);
    }
}

void pam(const PamProblem& problem, const PamResult& result, double* workspace) {
    if (problem.narrow) {
        partition(problem, problem.narrow, result, workspace);
    } else {
        partition(problem, problem.distances, result, workspace);
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
