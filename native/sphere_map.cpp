// A bijective, area-balancing map of a closed genus-0 surface onto the unit sphere: the minimum of the energy of sphere_level.hpp.
//
// Coarse to fine (Praun & Hoppe 2003): vertices are taken away in independent sets until a tetrahedron is left; they come back in
// reverse, each into the kernel of its ring. Every level is relaxed by Newton steps of single vertices, and whenever the vertices have
// about doubled by Newton steps of the whole level. The levels themselves make the preconditioner of these (Bramble, Pasciak & Xu
// 1990), so the map settles in nearly the same minimum wherever it starts, or says that it has not settled. Cost: linear in the
// vertices; every loop is bounded, every sum has a fixed order.
#include "sphere_newton.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr int SWEEPS = 4;            // single-vertex sweeps before the Newton steps of a level
constexpr int FEWEST_STEPS = 2, MOST_STEPS = 10;  // Newton steps of a level
constexpr double MOST_WORK = 4e5;                 // vertices times Newton steps of a level, if that leaves the fewest and one more
constexpr double SETTLED = 5e-5;                  // ends a level: what a whole step and a sweep take off the energy, which is about 1
constexpr double COARSER = 0.55;  // vertices of a level with Newton steps over those of the next one, at most
constexpr int MOST_PASSES = 4000;

// Room in an array that somebody else has allocated.
template <class T>
struct Room {
    T* free;
    T* take(int64_t length) {
        T* taken = free;
        free += length;
        return taken;
    }
};

struct Removal {
    int32_t* order;  // (n - 4,) vertices as they were taken away
    int32_t* level;  // (n,) the pass in which a vertex was taken away; -1 if never
    int32_t* lock;   // (n,) the pass in which it may not be
};

// Takes vertices away until a tetrahedron is left. False if that cannot be done.
bool take_away(const SphereProblem& problem, Mesh& mesh, Removal& removal) {
    const int64_t n = mesh.n;
    for (int64_t i = 0; i < n; ++i) removal.level[i] = removal.lock[i] = -1;
    int64_t n_removed = 0, largest_degree = 6;
    double tolerance = 1.6;
    for (int32_t pass = 0; n - n_removed > 4 && pass < MOST_PASSES; ++pass) {
        const int64_t before = n_removed, alive = n - n_removed;
        for (int64_t k = 0; k < n && n - n_removed > 4; ++k) {
            const int32_t u = problem.order[k];
            if (removal.level[u] >= 0 || removal.lock[u] == pass || mesh.degree[u] > largest_degree || mesh.degree[u] < 3) continue;
            if (mesh.mass[u] > tolerance / double(alive)) continue;
            double quality_found;
            const int64_t slot = best_collapse(mesh, u, largest_degree > 6 ? CAPACITY - 1 : 9, quality_found);
            if (slot < 0 || (quality_found < 0.2 && tolerance < 10)) continue;
            collapse(mesh, u, slot);
            removal.level[u] = pass;
            removal.order[n_removed++] = u;
            for (int64_t j = 0; j < mesh.degree[u]; ++j) removal.lock[mesh.around(u)[j]] = pass;
        }
        if (n_removed - before > alive / 10) {
            tolerance = larger(1.6, 0.5 * tolerance);
            largest_degree = 6;
            continue;
        }
        if (n_removed == before && largest_degree >= CAPACITY - 1 && tolerance > 1e6) return false;
        tolerance *= 2;
        if (tolerance > 10 && largest_degree < CAPACITY - 1) ++largest_degree;
    }
    return n - n_removed == 4;
}

// The mesh with its vertices in the order in which they come back: vertices 0 .. k - 1 are there when there are k.
void sort_by_age(const Mesh& mesh, const int32_t* age, Mesh& sorted) {
    for (int64_t i = 0; i < mesh.n; ++i) {
        const int64_t a = age[i];
        put(sorted.position, a, at(mesh.position, i));
        sorted.mass[a] = mesh.mass[i];
        sorted.degree[a] = mesh.degree[i];
        for (int64_t k = 0; k < mesh.degree[i]; ++k) sorted.around(a)[k] = age[mesh.around(i)[k]];
    }
}

void put_tetrahedron(Mesh& mesh) {
    const double k = 0.5773502691896258;
    const int32_t* r = mesh.around(0);
    put(mesh.point, 0, {k, k, k});
    put(mesh.point, r[0], {-k, -k, k});
    put(mesh.point, r[1], {-k, k, -k});
    put(mesh.point, r[2], {k, -k, -k});
    if (volume(at(mesh.point, 0), at(mesh.point, r[0]), at(mesh.point, r[1])) > 0) return;
    put(mesh.point, r[1], {k, -k, -k});
    put(mesh.point, r[2], {-k, k, -k});
}

// Newton steps of the whole level until it has settled. Counts them in `rounds`; false if there were too few.
bool settle(const Level& level, Mesh& mesh, Newton& newton, int64_t& rounds) {
    const int most = int(smaller(MOST_STEPS, larger(FEWEST_STEPS + 1, MOST_WORK / double(level.n))));
    newton.curvature = level.n < CURVED ? 0 : MOST_CURVATURE;
    link_edges(level, newton);
    double energy = level_energy(level, mesh.point);
    for (int step = 1; step <= most; ++step, ++rounds) {
        assemble(level, mesh.point, newton);
        if (step > 1) --newton.n_grids;
        add_grid(level, newton);
        const bool whole = newton_step(level, mesh.point, newton, energy);
        for (int64_t i = 0; i < level.n; ++i) relax_vertex(level, mesh.point, i);
        const double before = energy;
        energy = level_energy(level, mesh.point);
        if (step >= FEWEST_STEPS && whole && before - energy < SETTLED) return true;
    }
    return false;
}

Mesh mesh_in(int64_t n, Room<double>& doubles, Room<int32_t>& integers) {
    Mesh mesh;
    mesh.n = n;
    mesh.position = doubles.take(3 * n);
    mesh.point = doubles.take(3 * n);
    mesh.mass = doubles.take(n);
    mesh.ring = integers.take(CAPACITY * n);
    mesh.degree = integers.take(n);
    return mesh;
}

Level level_in(int64_t n, Room<double>& doubles, Room<int32_t>& integers) {
    Level level;
    level.first = integers.take(n + 1);
    level.ring = integers.take(6 * n);
    level.triangle = integers.take(6 * n);
    level.corners = integers.take(6 * n);
    level.cotangents = doubles.take(10 * n);
    level.mass = doubles.take(2 * n);
    return level;
}

Newton newton_in(int64_t n, Room<double>& doubles, Room<int32_t>& integers, Room<float>& floats) {
    Newton newton;
    newton.frame = reinterpret_cast<Frame*>(doubles.take(6 * n));
    newton.diagonal = doubles.take(3 * n);
    newton.block = doubles.take(12 * n);
    newton.solution = doubles.take(2 * n);
    newton.residual = doubles.take(2 * n);
    newton.conditioned = doubles.take(2 * n);
    newton.direction = doubles.take(2 * n);
    newton.image = doubles.take(2 * n);
    newton.move = doubles.take(3 * n);
    newton.before = doubles.take(3 * n);
    newton.first_edge = integers.take(n + 1);
    newton.column = integers.take(3 * n);
    newton.edge = integers.take(6 * n);
    newton.marked = integers.take(n);
    newton.parent_room = 8 * n;
    newton.first_parent = integers.take(n + 1);
    newton.parent = integers.take(8 * n);
    newton.weight = floats.take(8 * n);
    newton.n_grids = 0;
    newton.inverse = floats.take(18 * n);
    newton.correction = floats.take(9 * n);
    newton.field = floats.take(3 * n);
    for (int64_t i = 0; i <= 4; ++i) newton.first_parent[i] = 0;
    return newton;
}

}  // namespace

int64_t sphere_map(const SphereProblem& problem, const SphereResult& result, const SphereScratch& scratch) {
    const int64_t n = problem.n_vertices;
    Room<double> doubles{scratch.doubles};
    Room<int32_t> integers{scratch.integers};
    Room<float> floats{scratch.floats};
    Mesh mesh = mesh_in(n, doubles, integers);
    Level level = level_in(n, doubles, integers);
    Newton newton = newton_in(n, doubles, integers, floats);
    Mesh whole = mesh;  // as it comes; `mesh` has its own rings and numbers
    whole.position = newton.block;
    whole.mass = newton.block + 3 * n;
    whole.ring = integers.take(CAPACITY * n);
    whole.degree = integers.take(n);
    Removal removal{integers.take(n), integers.take(n), integers.take(n)};
    int32_t *age = integers.take(n), *grids = integers.take(n);

    smooth(problem, whole, newton.solution);
    split(problem, whole, level.corners, result.shares);
    if (!link_rings(whole, level.corners, 2 * problem.n_quads)) return -1;
    if (!take_away(problem, whole, removal)) return -2;
    int32_t n_known = 0;
    for (int64_t i = 0; i < n; ++i)
        if (removal.level[i] < 0) age[i] = n_known++;
    for (int64_t k = n - 5; k >= 0; --k) age[removal.order[k]] = n_known++;
    sort_by_age(whole, age, mesh);

    // The number of vertices when a pass has come back, for those passes after which the whole level takes Newton steps.
    int64_t n_grids = 0;
    double next = double(n);
    for (int64_t there = n; there > 4; --there) {
        if (double(there) > next) continue;
        if (there < n && removal.level[removal.order[n - there - 1]] == removal.level[removal.order[n - there]]) continue;
        grids[n_grids++] = int32_t(there);
        next = COARSER * double(there);
    }

    put_tetrahedron(mesh);
    int64_t rounds = 0, there = 4;
    while (there < n) {
        const int32_t pass = removal.level[removal.order[n - there - 1]];
        const int64_t known = there;
        for (; there < n && removal.level[removal.order[n - there - 1]] == pass; ++there) {
            expand(mesh, int32_t(there));
            if (!place(mesh, int32_t(there))) return -3;
        }
        build_level(mesh, level, there);
        const bool grid = n_grids > 0 && grids[n_grids - 1] == there;
        for (int sweep = 0; sweep < (grid ? SWEEPS : 1); ++sweep, ++rounds)
            for (int64_t i = 0; i < there; ++i) relax_vertex(level, mesh.point, i);
        for (int64_t i = known; i < there; ++i) set_parents(mesh, newton, i);  // a vertex knows its ring as it was when it came
        if (!grid) continue;
        --n_grids;
        *result.settled = settle(level, mesh, newton, rounds);
    }
    for (int64_t i = 0; i < n; ++i) put(result.points, i, at(mesh.point, age[i]));
    return rounds;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
