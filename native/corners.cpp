// Which k of n points span a simplex that lies closest to all the others: the exhaustive search of convex analysis of mixtures.
//
// The error of a set is the sum over the other points of their squared distance to the simplex of the set, by Wolfe's nearest point of
// a polytope (Mathematical Programming 11 (1976) 128-149): corners join while one lies on the near side of the plane through the
// nearest point, and leave when their weight falls to zero. Cost: about 0.3 us per distance in ten dimensions. The trick: only the best
// sets are kept, so a set is left as soon as its sum passes the worst of them, and the point that did it is asked first from then on;
// of 33 distances a set of five takes two or three. 500,000 sets take about a second.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr int64_t LANES = CORNER_LANES;

static double dot(const double* a, const double* b, int64_t width) {
    double lane[LANES] = {};
    for (int64_t start = 0; start < width; start += LANES) {
        for (int64_t k = 0; k < LANES; ++k) lane[k] += a[start + k] * b[start + k];
    }
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

namespace {

struct Nearest {
    const double* points;  // (n, width)
    const int64_t* set;    // (k,) rows of points
    int64_t k, width;
    double* away;      // (k, width) corners seen from the target
    double* edges;     // (k, width) active corners seen from the first active one
    double* gram;      // (k, k)
    double* weights;   // (k,) of the active corners
    double* wanted;    // (k,)
    double* nearest;   // (width,) nearest point so far, seen from the target
    double* norms;     // (k,) squared
    int64_t* active;   // (k,) places in `set`
    int64_t n_active;
};

}  // namespace

// Weights (summing to one) of the point nearest to the target in the plane through the active corners; false if they lie in a smaller one.
static bool plane(Nearest& s) {
    const int64_t m = s.n_active - 1, width = s.width;
    const double* base = s.away + s.active[0] * width;
    for (int64_t i = 0; i < m; ++i) {
        const double* corner = s.away + s.active[i + 1] * width;
        double* edge = s.edges + i * width;
        for (int64_t j = 0; j < width; ++j) edge[j] = corner[j] - base[j];
    }
    double* const solution = s.wanted + 1;
    for (int64_t i = 0; i < m; ++i) {
        const double* edge = s.edges + i * width;
        double* row = s.gram + i * s.k;
        double value = -dot(edge, base, width);
        const double own = dot(edge, edge, width);
        double left = own;
        for (int64_t j = 0; j < i; ++j) {
            const double* other = s.gram + j * s.k;
            double sum = dot(edge, s.edges + j * width, width);
            for (int64_t l = 0; l < j; ++l) sum -= row[l] * other[l];
            row[j] = sum / other[j];
            left -= row[j] * row[j];
            value -= row[j] * solution[j];
        }
        if (!(left > 1e-14 * own)) return false;
        row[i] = __builtin_sqrt(left);
        solution[i] = value / row[i];
    }
    double first = 1.0;
    for (int64_t i = m - 1; i >= 0; --i) {
        double value = solution[i];
        for (int64_t j = i + 1; j < m; ++j) value -= s.gram[j * s.k + i] * solution[j];
        solution[i] = value / s.gram[i * s.k + i];
        first -= solution[i];
    }
    s.wanted[0] = first;
    return true;
}

// One step from the weights towards those wanted, as far as none is negative; corners whose weight is gone leave. True on arrival.
static bool advance(Nearest& s) {
    double step = 1.0;
    int64_t blocking = -1;
    for (int64_t i = 0; i < s.n_active; ++i) {
        if (s.wanted[i] > 0.0) continue;
        const double share = s.weights[i] / (s.weights[i] - s.wanted[i]);
        if (blocking < 0 || share < step) {
            step = share;
            blocking = i;
        }
    }
    if (blocking < 0) {
        for (int64_t i = 0; i < s.n_active; ++i) s.weights[i] = s.wanted[i];
        return true;
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < s.n_active; ++i) {
        const double weight = s.weights[i] + step * (s.wanted[i] - s.weights[i]);
        if (i == blocking || !(weight > 0.0)) continue;
        s.weights[kept] = weight;
        s.active[kept] = s.active[i];
        kept += 1;
    }
    s.n_active = kept;
    return false;
}

static double point(Nearest& s) {
    for (int64_t j = 0; j < s.width; ++j) s.nearest[j] = 0.0;
    for (int64_t i = 0; i < s.n_active; ++i) {
        const double* corner = s.away + s.active[i] * s.width;
        for (int64_t j = 0; j < s.width; ++j) s.nearest[j] += s.weights[i] * corner[j];
    }
    return dot(s.nearest, s.nearest, s.width);
}

static double squared_distance_to(Nearest& s, const double* target) {
    double largest = 0.0;
    int64_t first = 0;
    for (int64_t i = 0; i < s.k; ++i) {
        const double* corner = s.points + s.set[i] * s.width;
        double* away = s.away + i * s.width;
        for (int64_t j = 0; j < s.width; ++j) away[j] = corner[j] - target[j];
        s.norms[i] = dot(away, away, s.width);
        if (s.norms[i] < s.norms[first]) first = i;
        if (s.norms[i] > largest) largest = s.norms[i];
    }
    s.active[0] = first;
    s.weights[0] = 1.0;
    s.n_active = 1;
    double best = point(s);
    for (int64_t round = 0; round < 20 + 10 * s.k; ++round) {
        double lowest = best;
        int64_t joins = -1;
        for (int64_t i = 0; i < s.k; ++i) {
            const double along = dot(s.nearest, s.away + i * s.width, s.width);
            if (along < lowest) {
                lowest = along;
                joins = i;
            }
        }
        // what rounding leaves of a product of two vectors of these lengths
        if (joins < 0 || best - lowest <= 1e-15 * __builtin_sqrt(best * largest)) return best;
        for (int64_t i = 0; i < s.n_active; ++i) {
            if (s.active[i] == joins) return best;
        }
        s.active[s.n_active] = joins;
        s.weights[s.n_active] = 0.0;
        s.n_active += 1;
        bool arrived = false;
        while (!arrived) {
            if (!plane(s)) return best;
            arrived = advance(s);
        }
        const double now = point(s);
        if (!(now < best)) return best;
        best = now;
    }
    return best;
}

static Nearest carve(const double* points, const int64_t* set, int64_t k, int64_t width, double* workspace, int64_t* whole) {
    Nearest s;
    s.points = points;
    s.set = set;
    s.k = k;
    s.width = width;
    s.away = workspace;
    s.edges = s.away + k * width;
    s.gram = s.edges + k * width;
    s.weights = s.gram + k * k;
    s.wanted = s.weights + k;
    s.norms = s.wanted + k;
    s.nearest = s.norms + k;
    s.active = whole;
    s.n_active = 0;
    return s;
}

void simplex_distances(const double* corners, const int64_t shape[3], const double* targets, double* distances, double* workspace,
                       int64_t* whole) {
    const int64_t k = shape[0], n = shape[1], width = shape[2];
    int64_t* const all = whole + k;
    for (int64_t i = 0; i < k; ++i) all[i] = i;
    Nearest s = carve(corners, all, k, width, workspace, whole);
    for (int64_t i = 0; i < n; ++i) distances[i] = squared_distance_to(s, targets + i * width);
}

// Puts a set among the best, which stand by rising error; of equal ones the earlier stays first.
static void keep(const CornerProblem& problem, const CornerResult& result, int64_t* found, double error, const int64_t* set) {
    int64_t at = *found < problem.n_keep ? (*found)++ : problem.n_keep - 1;
    for (; at > 0 && result.errors[at - 1] > error; --at) {
        result.errors[at] = result.errors[at - 1];
        for (int64_t i = 0; i < problem.k; ++i) result.sets[at * problem.k + i] = result.sets[(at - 1) * problem.k + i];
    }
    result.errors[at] = error;
    for (int64_t i = 0; i < problem.k; ++i) result.sets[at * problem.k + i] = set[i];
}

int64_t corner_sets(const CornerProblem& problem, const CornerResult& result, int64_t found, double* workspace, int64_t* whole) {
    const int64_t n = problem.n, k = problem.k, width = problem.width;
    int64_t* const set = whole;
    int64_t* const active = set + k;
    int64_t* const inside = active + k;
    double* const parts = workspace;
    Nearest s = carve(problem.points, set, k, width, workspace + n, active);
    for (int64_t i = 0; i < n; ++i) inside[i] = 0;
    for (int64_t i = 0; i < k; ++i) set[i] = problem.lowest + i;
    while (set[k - 1] < n) {
        const bool full = found == problem.n_keep;
        const double worst = full ? result.errors[found - 1] : 0.0;
        const double limit = worst * (1.0 + 1e-12);  // the order of this sum is not that of the error
        for (int64_t i = 0; i < k; ++i) inside[set[i]] = 1;
        double sum = 0.0;
        bool left = false;
        for (int64_t place = 0; place < n && !left; ++place) {
            const int64_t i = result.order[place];
            if (inside[i]) continue;
            parts[i] = squared_distance_to(s, problem.points + i * width);
            sum += parts[i];
            if (!full || !(sum > limit)) continue;
            left = true;
            for (int64_t j = place; j > 0; --j) result.order[j] = result.order[j - 1];
            result.order[0] = i;
        }
        if (!left) {
            double error = 0.0;
            for (int64_t i = 0; i < n; ++i) error += inside[i] ? 0.0 : parts[i];
            if (!full || error < worst) keep(problem, result, &found, error, set);
        }
        for (int64_t i = 0; i < k; ++i) inside[set[i]] = 0;
        int64_t last = k - 1;
        while (last > 1 && set[last] == n - k + last) last -= 1;
        if (last == 0) break;  // k is 1
        set[last] += 1;
        for (int64_t i = last + 1; i < k; ++i) set[i] = set[i - 1] + 1;
    }
    return found;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
