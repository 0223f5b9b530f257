// Pairs of cases of which one has its event while the other is still at risk, split by whose score is higher.
//
// Cases come sorted by stratum, rising time, and events before censored cases at equal times, so "outlives" is "comes later", but for events
// of one time, which are no pair. Cost: O(n log n). The trick: two sweeps, one from either end of the follow-up, keep the scores seen so far
// in a binary indexed tree (Fenwick, Softw Pract Exp 24 (1994) 327-336), so that "how many are lower" is a sum of log n cells. With weights
// of 1 every sum is a whole number and exact; the order of all sums is fixed by the data.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

// Adds to the cell of a rank, 0 ... size - 1.
static void add(double* tree, int64_t size, int64_t rank, double value) {
    for (int64_t k = rank + 1; k <= size; k += k & -k) tree[k] += value;
}

// Sum over all ranks below `end`.
static double below(const double* tree, int64_t end) {
    double sum = 0.0;
    for (int64_t k = end; k > 0; k -= k & -k) sum += tree[k];
    return sum;
}

void concordant_pairs(const PairProblem& problem, double* later, double* earlier, double* tree) {
    for (int64_t s = 0; s < problem.n_strata; ++s) {
        const int64_t first = problem.bounds[s], end = problem.bounds[s + 1], size = end - first;
        for (int64_t k = 0; k <= size; ++k) tree[k] = 0.0;
        double seen = 0.0;
        for (int64_t i = end - 1, start; i >= first; i = start - 1) {  // from the last time down: who outlives each event
            start = i;
            while (start > first && problem.time[start - 1] == problem.time[i]) start -= 1;
            int64_t n_events = 0;
            for (int64_t j = start; j <= i; ++j) n_events += problem.event[j];
            for (int64_t j = start + n_events; j <= i; ++j) add(tree, size, problem.rank[j], 1.0);
            seen += double(i - start + 1 - n_events);
            for (int64_t j = start; j < start + n_events; ++j) {
                later[3 * j] = below(tree, problem.rank[j]);
                later[3 * j + 1] = seen - below(tree, problem.rank[j] + 1);
                later[3 * j + 2] = seen;
            }
            for (int64_t j = start; j < start + n_events; ++j) add(tree, size, problem.rank[j], 1.0);
            seen += double(n_events);
        }
        for (int64_t k = 0; k <= size; ++k) tree[k] = 0.0;
        seen = 0.0;
        for (int64_t i = first, next; i < end; i = next) {  // from the first time up: the events that each case outlives
            next = i;
            while (next < end && problem.time[next] == problem.time[i]) next += 1;
            for (int64_t phase = 1; phase >= 0; --phase) {  // events are asked before they are counted, censored cases after
                for (int64_t j = i; j < next; ++j) {
                    if (problem.event[j] != phase) continue;
                    const double higher = seen - below(tree, problem.rank[j] + 1), lower = below(tree, problem.rank[j]);
                    earlier[2 * j] = higher - lower;
                    earlier[2 * j + 1] = seen;
                }
                for (int64_t j = i; phase == 1 && j < next; ++j) {
                    if (!problem.event[j]) continue;
                    add(tree, size, problem.rank[j], problem.weight[j]);
                    seen += problem.weight[j];
                }
            }
        }
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
