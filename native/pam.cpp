// Partitioning around medoids (Kaufman & Rousseeuw 1990): BUILD, then best-improvement SWAP, for several k at once.
//
// BUILD adds one medoid at a time, so the first k medoids of one BUILD are the start of every k. A pass of SWAP evaluates all pairs
// (medoid out, candidate in) from one reading of the distances (FastPAM1, Schubert & Rousseeuw 2019): the change of the objective
// is a part that every medoid shares plus a part that belongs to the nearest medoid of each case. Cost: n^2 per pass, not k n^2.
// Every sum runs over the cases in order while the candidates sit in the lanes, so the width of a vector changes no bit.
//
// Ties as in R's cluster::pam: BUILD takes the last of equal candidates, SWAP the first (candidate, then medoid, by position). R
// adds the terms of a swap in another order than FastPAM1, so all swaps within rounding of the best are added up again in R's order.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr double EPSILON = 2.220446049250313e-16;

namespace {

struct Subset {
    const double* distances;  // (n, n)
    int64_t n;
    double beyond;     // larger than every distance
    double* nearest;   // (n,) distance to the nearest medoid
    double* second;    // (n,) distance to the second nearest medoid
    double* nearest_slot;  // (n,) which of the sorted medoids is the nearest
    double* is_medoid;     // (n,) 0 or 1
    double* medoids;       // (largest k,) positions, ascending
    double* shared;        // (n,) change of the objective by candidate, whichever medoid leaves
    double* own;           // (largest k, n) the rest of the change by medoid and candidate

    const double* row(int64_t i) const { return distances + i * n; }
};

inline double smaller(double a, double b) { return a < b ? a : b; }
inline double larger(double a, double b) { return a > b ? a : b; }

}  // namespace

// Writes the largest_k medoids in the order in which they were found, and the mean distance after each of them.
static void build(Subset& s, int64_t largest_k, double* found, double* objective) {
    const int64_t n = s.n;
    double* __restrict gain = s.shared;
    double* __restrict nearest = s.nearest;
    for (int64_t j = 0; j < n; ++j) {
        nearest[j] = s.beyond;
        s.is_medoid[j] = 0;
    }
    for (int64_t step = 0; step < largest_k; ++step) {
        for (int64_t i = 0; i < n; ++i) gain[i] = 0;
        for (int64_t j = 0; j < n; ++j) {
            const double* __restrict d = s.row(j);
            const double now = nearest[j];
            for (int64_t i = 0; i < n; ++i) gain[i] += larger(now - d[i], 0.0);
        }
        int64_t best = -1;
        double most = 0;
        for (int64_t i = 0; i < n; ++i) {
            if (s.is_medoid[i] == 0 && most <= gain[i]) {
                most = gain[i];
                best = i;
            }
        }
        s.is_medoid[best] = 1;
        found[step] = double(best);
        const double* d = s.row(best);
        double sum = 0;
        for (int64_t j = 0; j < n; ++j) {
            nearest[j] = smaller(nearest[j], d[j]);
            sum += nearest[j];
        }
        objective[step] = sum;
    }
}

static void find_two_nearest(Subset& s, int64_t k) {
    for (int64_t j = 0; j < s.n; ++j) {
        double first = s.beyond, second = s.beyond;
        int64_t slot = 0;
        const double* d = s.row(j);
        for (int64_t m = 0; m < k; ++m) {
            const double value = d[int64_t(s.medoids[m])];
            if (value < first) {
                second = first;
                first = value;
                slot = m;
            } else if (value < second) {
                second = value;
            }
        }
        s.nearest[j] = first;
        s.second[j] = second;
        s.nearest_slot[j] = double(slot);
    }
}

// The change of the objective when `candidate` replaces `medoid`, added up over the cases in R's order.
static double swap_change(const Subset& s, int64_t candidate, int64_t medoid) {
    const double* in = s.row(candidate);
    const double* out = s.row(medoid);
    double change = 0;
    for (int64_t j = 0; j < s.n; ++j) {
        if (out[j] == s.nearest[j]) {
            change += smaller(s.second[j], in[j]) - s.nearest[j];
        } else if (in[j] < s.nearest[j]) {
            change += in[j] - s.nearest[j];
        }
    }
    return change;
}

// Finds the best swap; returns its change of the objective and sets the candidate and the slot of the medoid that leaves.
static double best_swap(Subset& s, int64_t k, int64_t* candidate, int64_t* slot) {
    const int64_t n = s.n;
    double* __restrict shared = s.shared;
    for (int64_t h = 0; h < n; ++h) shared[h] = 0;
    for (int64_t h = 0; h < k * n; ++h) s.own[h] = 0;
    double magnitude = 0;
    for (int64_t j = 0; j < n; ++j) {
        const double* __restrict d = s.row(j);
        double* __restrict own = s.own + int64_t(s.nearest_slot[j]) * n;
        const double first = s.nearest[j], second = s.second[j];
        for (int64_t h = 0; h < n; ++h) {
            const double value = d[h];
            shared[h] += smaller(value, first) - first;
            own[h] += smaller(larger(value, first), second) - first;
        }
        magnitude += second;  // bounds the terms of this case in either order of addition
    }
    double best = 1;
    for (int64_t m = 0; m < k; ++m) {
        const double* own = s.own + m * n;
        for (int64_t h = 0; h < n; ++h) {
            const double change = shared[h] + own[h];
            if (s.is_medoid[h] == 0 && change < best) best = change;
        }
    }
    // Both sums have at most n + 1 terms whose magnitudes add up to at most 2 * magnitude: a generous bound of their difference.
    const double close = best + 8 * double(n) * EPSILON * magnitude;
    double exact_best = 1;
    *candidate = *slot = -1;
    for (int64_t h = 0; h < n; ++h) {
        if (s.is_medoid[h] != 0) continue;
        for (int64_t m = 0; m < k; ++m) {
            if (shared[h] + s.own[m * n + h] > close) continue;
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
static double swap(Subset& s, int64_t k, double objective) {
    for (;;) {
        find_two_nearest(s, k);
        int64_t candidate, slot;
        const double change = best_swap(s, k, &candidate, &slot);
        if (!(change < -16 * EPSILON * objective)) return objective;
        s.is_medoid[int64_t(s.medoids[slot])] = 0;
        s.is_medoid[candidate] = 1;
        for (int64_t m = slot; m + 1 < k; ++m) s.medoids[m] = s.medoids[m + 1];
        insert_sorted(s.medoids, k - 1, double(candidate));
        objective += change;
    }
}

// Each case goes to its nearest medoid (the first of equal ones), a medoid to itself; labels are numbered by first appearance.
static void assign(const Subset& s, int64_t k, double* label_of_slot, int64_t* medoids, int32_t* labels) {
    for (int64_t m = 0; m < k; ++m) label_of_slot[m] = -1;
    int32_t next = 0;
    for (int64_t j = 0; j < s.n; ++j) {
        int64_t slot = 0;
        double least = s.beyond;
        for (int64_t m = 0; m < k; ++m) {
            const int64_t at = int64_t(s.medoids[m]);
            const double value = at == j ? -1.0 : s.row(j)[at];
            if (value < least) {
                least = value;
                slot = m;
            }
        }
        if (label_of_slot[slot] < 0) {
            medoids[next] = int64_t(s.medoids[slot]);
            label_of_slot[slot] = double(next++);
        }
        labels[j] = int32_t(label_of_slot[slot]);
    }
}

void pam(const PamProblem& problem, const PamResult& result, double* workspace) {
    const int64_t n = problem.n_items, largest_k = problem.k[problem.n_k - 1];
    double largest = 0;
    for (int64_t i = 0; i < n; ++i) {
        const double* from = problem.distances + problem.items[i] * problem.n_cases;
        double* to = workspace + i * n;
        for (int64_t j = 0; j < n; ++j) {
            to[j] = from[problem.items[j]];
            largest = larger(largest, to[j]);
        }
    }
    double* rest = workspace + n * n;
    const auto take = [&rest](int64_t count) {
        double* start = rest;
        rest += count;
        return start;
    };
    Subset s{workspace, n, largest * 1.1 + 1, take(n), take(n), take(n), take(n), take(n), take(n), take(largest_k * n)};
    double* found = take(n);
    double* after_build = take(n);
    build(s, largest_k, found, after_build);
    for (int64_t q = 0; q < problem.n_k; ++q) {
        const int64_t k = problem.k[q];
        for (int64_t j = 0; j < n; ++j) s.is_medoid[j] = 0;
        for (int64_t m = 0; m < k; ++m) {
            s.is_medoid[int64_t(found[m])] = 1;
            insert_sorted(s.medoids, m, found[m]);
        }
        const double objective = k > 1 ? swap(s, k, after_build[k - 1]) : after_build[0];
        result.objective[2 * q] = after_build[k - 1] / double(n);
        result.objective[2 * q + 1] = objective / double(n);
        int64_t* medoids = result.medoids + q * largest_k;
        for (int64_t m = 0; m < largest_k; ++m) medoids[m] = -1;
        assign(s, k, s.shared, medoids, result.labels + q * n);
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
