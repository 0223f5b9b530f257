// One level of a spherical map: its triangles, their energy, and Newton steps of single vertices.
//
// The map is the minimum of an energy over positions on the sphere, summed over triangles:
//     m [ SHAPE (D / V - 1) + (V / v + v / V) / 2 - 1 ]
// m: share of the object's area; v: the value of V that keeps that share; V = p0 . (p1 x p2), twice the area on the sphere; D: the
// Dirichlet energy of the triangle with the object's cotangents, so that D / V is 1 where angles are kept and more elsewhere. Both
// terms grow without bound as V falls to 0: no triangle turns over, and a map without turned triangles is bijective.
#pragma once
#include "sphere_mesh.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr double SHAPE = 0.2;                        // weight of the angles against the areas
constexpr double WHOLE_SPHERE = 25.132741228718345;  // 8 pi: the sum of V over a fine mesh
constexpr double LEAST_HEIGHT = 0.05;                // of a triangle over its longest side, for its cotangents

// Vertices 0 .. n - 1 of the mesh are there. Slot k of vertex i: the triangle of i, its k-th neighbour and the next one.
struct Level {
    int64_t n, n_triangles;
    int32_t* first;      // (n + 1,) slots of a vertex
    int32_t* ring;       // (slots,) neighbours, counter-clockwise
    int32_t* triangle;   // (slots,) three times the triangle, plus the corner at which the vertex is
    int32_t* corners;    // (n_triangles, 3)
    double* cotangents;  // (n_triangles, 5) at the corners 0, 1, 2, 0, 1
    double* mass;        // (n_triangles,)

    int64_t next(int64_t i, int64_t slot) const { return slot + 1 < first[i + 1] ? slot + 1 : first[i]; }
    const double* cotangents_from(int64_t slot) const { return cotangents + 5 * (triangle[slot] / 3) + triangle[slot] % 3; }
};

// The share of a triangle is made up of those of its corners; on the last level it is its own.
double share_of(const Mesh& mesh, const int32_t* corner) {
    double sum = 0;
    for (int c = 0; c < 3; ++c) sum += mesh.mass[corner[c]] / double(mesh.degree[corner[c]]);
    return sum;
}

void set_triangle(const Mesh& mesh, Level& level, int64_t t, bool last) {
    const int32_t* corner = level.corners + 3 * t;
    const Vector a = at(mesh.position, corner[0]), b = at(mesh.position, corner[1]), c = at(mesh.position, corner[2]);
    const Vector ab = b - a, ac = c - a, bc = c - b;
    const double longest = larger(dot(ab, ab), larger(dot(ac, ac), dot(bc, bc)));
    const double own = length(cross(ab, ac)), area = larger(own, LEAST_HEIGHT * longest + TINY);
    double* cotangent = level.cotangents + 5 * t;
    cotangent[0] = cotangent[3] = dot(ab, ac) / area;
    cotangent[1] = cotangent[4] = -dot(ab, bc) / area;
    cotangent[2] = dot(ac, bc) / area;
    level.mass[t] = last ? own : share_of(mesh, corner);
}

void build_level(const Mesh& mesh, Level& level, int64_t n) {
    int32_t slots = 0, triangles = 0;
    level.n = n;
    for (int32_t i = 0; i < n; ++i) {
        level.first[i] = slots;
        const int64_t d = mesh.degree[i];
        const int32_t* r = mesh.around(i);
        for (int64_t k = 0; k < d; ++k) level.ring[slots + k] = r[k];
        for (int64_t k = 0; k < d; ++k) {
            const int32_t j = r[k], h = r[k + 1 < d ? k + 1 : 0];
            if (i < j && i < h) {
                const int32_t corner[3] = {i, j, h};
                for (int c = 0; c < 3; ++c) level.corners[3 * triangles + c] = corner[c];
                set_triangle(mesh, level, triangles, n == mesh.n);
                level.triangle[slots + k] = 3 * triangles++;
                continue;
            }
            const bool j_first = j < h;  // the triangle begins with its lowest vertex, which has been here
            const int32_t lowest = j_first ? j : h, follower = j_first ? h : i;
            int32_t slot = level.first[lowest];
            while (level.ring[slot] != follower) ++slot;
            level.triangle[slots + k] = level.triangle[slot] + (j_first ? 2 : 1);
        }
        slots += int32_t(d);
    }
    level.first[n] = slots;
    level.n_triangles = triangles;
    if (n == mesh.n) set_shares(triangles, level.mass);
}

// The energy of a triangle, short of a constant, as numerator / V + growth V; negative if it is turned over.
inline double energy_of(double mass, double dirichlet, double now) {
    const double v = WHOLE_SPHERE * mass;
    if (!(now > 1e-12 * smaller(v, 1.0))) return -1;
    return mass * ((SHAPE * dirichlet + 0.5 * v) / now + 0.5 * now / v);
}

double triangle_energy(const Level& level, int64_t t, const double* points) {
    const int32_t* corner = level.corners + 3 * t;
    const double* cotangent = level.cotangents + 5 * t;
    const Vector a = at(points, corner[0]), b = at(points, corner[1]), c = at(points, corner[2]);
    const double dirichlet = cotangent[0] * (1 - dot(b, c)) + cotangent[1] * (1 - dot(a, c)) + cotangent[2] * (1 - dot(a, b));
    return energy_of(level.mass[t], dirichlet, volume(a, b, c));
}

// Energy of a level, or a negative value if a triangle is turned over.
double level_energy(const Level& level, const double* points) {
    double sum = 0;
    for (int64_t t = 0; t < level.n_triangles; ++t) {
        const double energy = triangle_energy(level, t, points);
        if (energy < 0) return -1;
        sum += energy;
    }
    return sum;
}

// Energy of the ring of a vertex at p, or a negative value if a triangle is turned over.
double ring_energy(const Level& level, const double* points, int64_t i, Vector p) {
    double sum = 0;
    Vector b = at(points, level.ring[level.first[i]]);
    for (int32_t slot = level.first[i]; slot < level.first[i + 1]; ++slot) {
        const Vector c = at(points, level.ring[level.next(i, slot)]);
        const double* cotangent = level.cotangents_from(slot);
        const double dirichlet = cotangent[0] * (1 - dot(b, c)) + cotangent[1] * (1 - dot(p, c)) + cotangent[2] * (1 - dot(p, b));
        const double energy = energy_of(level.mass[level.triangle[slot] / 3], dirichlet, volume(p, b, c));
        if (energy < 0) return -1;
        sum += energy;
        b = c;
    }
    return sum;
}

// Two unit vectors that are orthogonal to p and to each other.
struct Frame {
    Vector e1, e2;
};
inline Frame frame_at(Vector p) {
    const double x = std::fabs(p.x), y = std::fabs(p.y), z = std::fabs(p.z);
    const Vector axis = x <= y && x <= z ? Vector{1, 0, 0} : y <= z ? Vector{0, 1, 0} : Vector{0, 0, 1};
    const Vector e1 = unit(cross(p, axis));
    return {e1, cross(p, e1)};
}

// One Newton step of one vertex: with its neighbours fixed the energy is convex.
void relax_vertex(const Level& level, double* points, int64_t i) {
    const Vector p = at(points, i);
    const Frame frame = frame_at(p);
    double energy = 0, g1 = 0, g2 = 0, h11 = 0, h12 = 0, h22 = 0, radial = 0;
    Vector b = at(points, level.ring[level.first[i]]);
    for (int32_t slot = level.first[i]; slot < level.first[i + 1]; ++slot) {
        const Vector c = at(points, level.ring[level.next(i, slot)]);
        const double* cotangent = level.cotangents_from(slot);
        const double m = level.mass[level.triangle[slot] / 3], v = m * WHOLE_SPHERE;
        const Vector normal = cross(b, c);
        const double now = dot(p, normal), inverse = 1.0 / now, pb = dot(p, b), pc = dot(p, c);
        const double dirichlet = cotangent[0] * (1 - dot(b, c)) + cotangent[1] * (1 - pc) + cotangent[2] * (1 - pb);
        const double top = m * (SHAPE * dirichlet + 0.5 * v), growth = 0.5 * m / v;
        energy += top * inverse + growth * now;
        // Gradients of the numerator and of V in the frame.
        const Vector pull = -m * SHAPE * (cotangent[1] * c + cotangent[2] * b);
        const double t1 = dot(frame.e1, pull), t2 = dot(frame.e2, pull), n1 = dot(frame.e1, normal), n2 = dot(frame.e2, normal);
        const double square = inverse * inverse, slope = growth - top * square, bend = 2 * top * square * inverse;
        g1 += t1 * inverse + slope * n1;
        g2 += t2 * inverse + slope * n2;
        radial += dot(p, pull) * inverse + slope * now;
        h11 += bend * n1 * n1 - square * 2 * t1 * n1;
        h12 += bend * n1 * n2 - square * (t1 * n2 + t2 * n1);
        h22 += bend * n2 * n2 - square * 2 * t2 * n2;
        b = c;
    }
    h11 -= radial;
    h22 -= radial;
    // Lift the Hessian if rounding or the curvature of the sphere makes it indefinite.
    const double half = 0.5 * (h11 + h22), gap = std::sqrt(0.25 * (h11 - h22) * (h11 - h22) + h12 * h12);
    const double largest = larger(std::fabs(half + gap), std::fabs(half - gap)), lift = 1e-3 * largest - (half - gap);
    if (lift > 0) {
        h11 += lift;
        h22 += lift;
    }
    const double determinant = h11 * h22 - h12 * h12;
    if (!(determinant > 0)) return;
    double s1 = -(h22 * g1 - h12 * g2) / determinant, s2 = -(h11 * g2 - h12 * g1) / determinant;
    if (!(g1 * s1 + g2 * s2 < 0)) return;
    for (int attempt = 0; attempt < 8; ++attempt, s1 *= 0.5, s2 *= 0.5) {
        const Vector q = unit(p + s1 * frame.e1 + s2 * frame.e2);
        const double next = ring_energy(level, points, i, q);
        if (next >= 0 && next <= energy) {
            put(points, i, q);
            return;
        }
    }
}

}  // namespace

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
