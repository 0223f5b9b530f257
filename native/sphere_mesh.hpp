// The object of a spherical map as a triangle mesh that loses its vertices one by one and gets them back.
#pragma once
#include <cmath>

#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr int64_t CAPACITY = SPHERE_RING;
constexpr double TINY = 1e-300;
constexpr double LEAST_SHARE = 0.05;  // of the mean area that a square or triangle keeps when the stairs are taken off
constexpr int SMOOTHING = 12;          // steps that take the stairs off the object

struct Vector {
    double x, y, z;
};
inline Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vector operator*(double s, Vector a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline double length(Vector a) { return std::sqrt(dot(a, a)); }
inline Vector unit(Vector a) { return (1.0 / std::sqrt(dot(a, a) + TINY)) * a; }
inline double volume(Vector a, Vector b, Vector c) { return dot(a, cross(b, c)); }
inline double smaller(double a, double b) { return a < b ? a : b; }
inline double larger(double a, double b) { return a > b ? a : b; }
inline Vector at(const double* rows, int64_t i) { return {rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]}; }
inline void put(double* rows, int64_t i, Vector p) {
    rows[3 * i] = p.x;
    rows[3 * i + 1] = p.y;
    rows[3 * i + 2] = p.z;
}

struct Mesh {
    int64_t n;
    double* position;  // (n, 3) of the object, without the stairs
    double* mass;      // (n,) share of the object's area; sums to 1
    double* point;     // (n, 3) on the sphere
    int32_t* ring;     // (n, CAPACITY) neighbours, counter-clockwise seen from outside
    int32_t* degree;   // (n,)

    int32_t* around(int64_t i) const { return ring + i * CAPACITY; }
    int64_t find(int64_t i, int32_t neighbour) const {
        const int32_t* r = around(i);
        for (int64_t k = 0; k < degree[i]; ++k)
            if (r[k] == neighbour) return k;
        return -1;
    }
    void erase(int64_t i, int64_t slot) {
        int32_t* r = around(i);
        for (int64_t k = slot; k + 1 < degree[i]; ++k) r[k] = r[k + 1];
        --degree[i];
    }
    void insert(int64_t i, int64_t slot, int32_t vertex) {
        int32_t* r = around(i);
        for (int64_t k = degree[i]; k > slot; --k) r[k] = r[k - 1];
        r[slot] = vertex;
        ++degree[i];
    }
};

// Positions without the stairs of the voxels, which add area that depends on how the object lies in the grid: each step moves a vertex
// halfway to the mean of its neighbours.
void smooth(const SphereProblem& problem, Mesh& mesh, double* sums) {
    const int64_t n = mesh.n;
    for (int64_t i = 0; i < 3 * n; ++i) mesh.position[i] = problem.vertices[i];
    for (int step = 0; step < SMOOTHING; ++step) {
        for (int64_t i = 0; i < 4 * n; ++i) sums[i] = 0;
        for (int64_t k = 0; k < problem.n_quads; ++k) {
            const int32_t* q = problem.quads + 4 * k;
            for (int corner = 0; corner < 4; ++corner) {
                const double *before = mesh.position + 3 * q[(corner + 3) % 4], *after = mesh.position + 3 * q[(corner + 1) % 4];
                double* sum = sums + 4 * q[corner];
                for (int axis = 0; axis < 3; ++axis) sum[axis] += before[axis] + after[axis];
                sum[3] += 2;
            }
        }
        for (int64_t i = 0; i < n; ++i)
            for (int axis = 0; axis < 3; ++axis)
                mesh.position[3 * i + axis] = 0.5 * (mesh.position[3 * i + axis] + sums[4 * i + axis] / sums[4 * i + 3]);
    }
}

// Turns areas into shares that sum to 1.
void set_shares(int64_t n, double* areas) {
    double total = 0, floored = 0;
    for (int64_t k = 0; k < n; ++k) total += areas[k];
    for (int64_t k = 0; k < n; ++k) floored += areas[k] = larger(areas[k], LEAST_SHARE * total / double(n));
    for (int64_t k = 0; k < n; ++k) areas[k] /= floored;
}

// Splits squares along their shorter diagonal, and gives every vertex a quarter of the share of its squares.
void split(const SphereProblem& problem, Mesh& mesh, int32_t* triangles, double* shares) {
    for (int64_t k = 0; k < problem.n_quads; ++k) {
        const int32_t* q = problem.quads + 4 * k;
        const Vector first = at(mesh.position, q[2]) - at(mesh.position, q[0]), second = at(mesh.position, q[3]) - at(mesh.position, q[1]);
        shares[k] = 0.5 * length(cross(first, second));
        const bool turn = (dot(first, first) > dot(second, second)) != problem.long_diagonals;
        int32_t* t = triangles + 6 * k;
        for (int c = 0; c < 3; ++c) {
            t[c] = q[(turn + c) % 4];
            t[3 + c] = q[(turn + 2 + c) % 4];
        }
    }
    set_shares(problem.n_quads, shares);
    for (int64_t i = 0; i < mesh.n; ++i) mesh.mass[i] = 0;
    for (int64_t k = 0; k < problem.n_quads; ++k)
        for (int c = 0; c < 4; ++c) mesh.mass[problem.quads[4 * k + c]] += 0.25 * shares[k];
}

// Links the triangles around every vertex into one cycle. False if the surface is not closed or has a pinched vertex.
bool link_rings(Mesh& mesh, const int32_t* triangles, int64_t n_triangles) {
    for (int64_t i = 0; i < mesh.n; ++i) mesh.degree[i] = 0;
    // First as pairs (next, after) of each corner, then put into order.
    for (int64_t t = 0; t < n_triangles; ++t) {
        for (int corner = 0; corner < 3; ++corner) {
            const int32_t i = triangles[3 * t + corner];
            if (mesh.degree[i] + 2 > CAPACITY) return false;
            int32_t* p = mesh.around(i) + mesh.degree[i];
            p[0] = triangles[3 * t + (corner + 1) % 3];
            p[1] = triangles[3 * t + (corner + 2) % 3];
            mesh.degree[i] += 2;
        }
    }
    for (int64_t i = 0; i < mesh.n; ++i) {
        const int64_t n_pairs = mesh.degree[i] / 2;
        int32_t* p = mesh.around(i);
        int32_t ordered[CAPACITY];
        if (n_pairs < 3) return false;
        int32_t now = p[0];
        for (int64_t k = 0; k < n_pairs; ++k) {
            ordered[k] = now;
            int64_t slot = 0;
            while (slot < n_pairs && p[2 * slot] != now) ++slot;
            if (slot == n_pairs) return false;
            now = p[2 * slot + 1];
            if ((now == p[0]) != (k == n_pairs - 1)) return false;
        }
        for (int64_t k = 0; k < n_pairs; ++k) p[k] = ordered[k];
        mesh.degree[i] = int32_t(n_pairs);
    }
    return true;
}

// 1 for an equilateral triangle, 0 for a degenerate one.
double quality(Vector a, Vector b, Vector c) {
    const Vector u = b - a, v = c - a, w = c - b;
    return 3.4641016151377544 * length(cross(u, v)) / (dot(u, u) + dot(v, v) + dot(w, w) + TINY);
}

// The slot of the neighbour into which a vertex can be collapsed with the best triangles, or -1.
int64_t best_collapse(const Mesh& mesh, int64_t u, int64_t largest_degree, double& best_quality) {
    const int64_t d = mesh.degree[u];
    const int32_t* r = mesh.around(u);
    int64_t best = -1;
    best_quality = -1;
    for (int64_t s = 0; s < d; ++s) {
        const int32_t w = r[s];
        if (mesh.degree[w] + d - 4 > largest_degree) continue;
        if (mesh.degree[r[(s + 1) % d]] < 4 || mesh.degree[r[(s + d - 1) % d]] < 4) continue;  // they lose a neighbour
        bool allowed = true;
        double worst = 2;
        for (int64_t k = 2; k + 1 < d && allowed; ++k) allowed = mesh.find(w, r[(s + k) % d]) < 0;
        if (!allowed) continue;
        const Vector p = at(mesh.position, w);
        for (int64_t k = 1; k + 1 < d; ++k)
            worst = smaller(worst, quality(p, at(mesh.position, r[(s + k) % d]), at(mesh.position, r[(s + k + 1) % d])));
        if (worst > best_quality) {
            best_quality = worst;
            best = s;
        }
    }
    return best;
}

// Takes a vertex away; its ring then begins with the neighbour that took its place.
void collapse(Mesh& mesh, int32_t u, int64_t slot) {
    const int64_t d = mesh.degree[u];
    int32_t* r = mesh.around(u);
    int32_t turned[CAPACITY];
    for (int64_t k = 0; k < d; ++k) turned[k] = r[(slot + k) % d];
    for (int64_t k = 0; k < d; ++k) r[k] = turned[k];
    const int32_t w = r[0];
    int64_t there = mesh.find(w, u);
    mesh.erase(w, there);
    for (int64_t k = 2; k + 1 < d; ++k) mesh.insert(w, there++, r[k]);
    mesh.erase(r[1], mesh.find(r[1], u));
    mesh.erase(r[d - 1], mesh.find(r[d - 1], u));
    for (int64_t k = 2; k + 1 < d; ++k) mesh.around(r[k])[mesh.find(r[k], u)] = w;
    for (int64_t k = 0; k < d; ++k) mesh.mass[r[k]] += mesh.mass[u] / double(d);
}

// Puts it back.
void expand(Mesh& mesh, int32_t u) {
    const int64_t d = mesh.degree[u];
    const int32_t* r = mesh.around(u);
    const int32_t w = r[0];
    for (int64_t k = 0; k < d; ++k) mesh.mass[r[k]] -= mesh.mass[u] / double(d);
    for (int64_t k = 2; k + 1 < d; ++k) mesh.around(r[k])[mesh.find(r[k], w)] = u;
    mesh.insert(r[1], mesh.find(r[1], w), u);              // ..., r[2], u, w
    mesh.insert(r[d - 1], mesh.find(r[d - 1], w) + 1, u);  // w, u, r[d - 2], ...
    for (int64_t k = 2; k + 1 < d; ++k) mesh.erase(w, mesh.find(w, r[k]));
    mesh.insert(w, mesh.find(w, r[1]) + 1, u);
}

// Finds a vertex that came back its point, where it sees every side of its ring from the left.
bool place(Mesh& mesh, int32_t u) {
    const int64_t d = mesh.degree[u];
    const int32_t* r = mesh.around(u);
    const Vector w = at(mesh.point, r[0]);
    Vector sum{0, 0, 0};
    for (int64_t k = 0; k < d; ++k) sum = sum + at(mesh.point, r[k]);
    const Vector left = unit(cross(w, at(mesh.point, r[1]))), right = unit(cross(at(mesh.point, r[d - 1]), w));
    const Vector aims[2] = {unit(sum), unit(w + unit(left + right))};
    for (int attempt = 0; attempt < 120; ++attempt) {
        const double share = std::ldexp(1.0, -(attempt / 2));
        const Vector p = unit((1 - share) * w + share * aims[attempt % 2]);
        bool inside = true;
        for (int64_t k = 0; k < d && inside; ++k) inside = volume(p, at(mesh.point, r[k]), at(mesh.point, r[(k + 1) % d])) > 0;
        if (inside) {
            put(mesh.point, u, p);
            return true;
        }
    }
    return false;
}

}  // namespace

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
